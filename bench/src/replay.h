/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Packets of captures, written by bench/engine and sent by icount: records, each followed
 * by its payload; the last one has no payload.
 */
#ifndef _REPLAY_H
#define _REPLAY_H

#include <stdint.h>

enum { REPLAY_PAYLOAD_MAX = 1400 };

/**
 * struct replay_record - one packet with payload
 * @flow: number of its flow, from 1 on; flows come one after the other
 * @off: TCP: where its payload lies in the direction's stream
 * @len: bytes of payload
 * @dir: 0 from the client
 * @l4: IPPROTO_TCP or IPPROTO_UDP
 * @start: in the flow's first packet: the flow was seen from its start
 */
struct replay_record {
	uint32_t flow;
	uint32_t off;
	uint16_t len;
	uint8_t dir;
	uint8_t l4;
	uint8_t start;
	uint8_t pad[3];
};

#endif /* _REPLAY_H */
