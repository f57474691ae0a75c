/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The sentences with which a source file of the verifier refuses packs: each must come in a
 * test, so that a new rule needs a new case.
 */
#ifndef _SELFTEST_SENTENCES_H
#define _SELFTEST_SENTENCES_H

#include "engine/port.h"

/** sentence_seen() - remember that a case gave this sentence; it is static */
void sentence_seen(const char *what);

/**
 * sentences_check() - did all sentences of a file come?
 * @file: name in kmod/engine
 * @least: how many it has at least
 */
void sentences_check(const char *file, u32 least);

#endif /* _SELFTEST_SENTENCES_H */
