/* SPDX-License-Identifier: GPL-2.0-only */
/* SHA-256 where one header has all of SHA (5.10). */
#include <crypto/sha.h>
