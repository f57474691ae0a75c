// SPDX-License-Identifier: GPL-2.0-only
/*
 * A failed case ends its cmocka test.
 */
#include "unit.h"

#include <stdlib.h>

void case_die(void)
{
	fail_msg("see above");
	/* Not reached: cmocka does not say that it never returns. */
	abort();
}
