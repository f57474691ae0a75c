// SPDX-License-Identifier: GPL-2.0-only
/*
 * A failed case is a finding: libFuzzer keeps the input.
 */
#include "case.h"

#include <stdlib.h>

void case_die(void)
{
	abort();
}
