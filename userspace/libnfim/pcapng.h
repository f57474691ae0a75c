/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * libpcap reads no pcapng file whose interfaces differ in snapshot length, as
 * those of a capture on several interfaces, or of merged captures, do.
 */
#ifndef _NFIM_PCAPNG_H
#define _NFIM_PCAPNG_H

#include <stdio.h>

/**
 * nfim_pcapng_filter() - make all snapshot lengths of a pcapng file equal
 * @file: capture file at its beginning; other formats pass as they are
 *
 * Return: a file to read instead; closing it closes @file. NULL if out of memory.
 */
FILE *nfim_pcapng_filter(FILE *file);

#endif /* _NFIM_PCAPNG_H */
