/* SPDX-License-Identifier: GPL-2.0-only */
/* SHA-256 where SHA-2 has a header of its own. */
#include <crypto/sha2.h>
