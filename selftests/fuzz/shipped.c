// SPDX-License-Identifier: GPL-2.0-only
/*
 * What some targets begin with.
 */
#include "shipped.h"
#include "input.h"

struct sigset *set;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	set = sigset_shipped();
	return 0;
}
