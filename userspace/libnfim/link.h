/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Finds the IP packet in a captured frame.
 */
#ifndef _NFIM_LINK_H
#define _NFIM_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** nfim_link_known() - can frames of this link type be read? @dlt: libpcap's DLT_* */
bool nfim_link_known(int dlt);

/**
 * nfim_link_skip() - skip the link layer
 * @dlt: libpcap's DLT_*
 * @p: frame; moved to the IP packet
 * @len: bytes captured of it; reduced to match
 *
 * Return: 4 or 6, the version of IP; 0 if there is no IP in it.
 */
int nfim_link_skip(int dlt, const uint8_t **p, size_t *len);

#endif /* _NFIM_LINK_H */
