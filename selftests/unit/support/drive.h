/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Drives one flow through the engine as the kernel does: a copy is stepped, blocks
 * are allocated, the result is committed. What flow.h promises is checked at every
 * packet; payload lies in pieces of memory of exactly its size.
 */
#ifndef _SELFTEST_DRIVE_H
#define _SELFTEST_DRIVE_H

#include "engine/flow.h"
#include "engine/quic.h"

/**
 * struct drive - a flow, how its packets are delivered, and what came of them
 * @pack: may be changed between packets; then change its epoch, too
 * @flow: the flow
 * @udp: datagrams
 * @watch: go on after NFIM_KNOWN
 * @paranoid: step twice and compare, and see that no block was changed
 * @has_base: per direction, whether its start was seen
 * @base: sequence number of each direction's first byte
 * @has_acked: per direction, whether the peer's acknowledgment is known
 * @acked: stream offset that the peer acknowledged of this direction
 * @settle: acknowledgments are known, as to the kernel: "none" needs them
 * @urgent: the next packets have the urgent flag
 * @age: of the next packet, seconds
 * @head_max: bytes of payload at hand in one piece
 * @blocks_left: how many more blocks can be had
 * @learn: the flow goes to a resolver, whose answers are wanted
 * @no_quic: there is no memory to decrypt QUIC in
 * @step: of the last packet
 * @verdict: after the last packet
 * @rule: that brought it, or NFIM_NO_RULE
 * @packets: given so far
 * @decided: number of the packet that decided, from 1; 0 for none
 * @actions: of all packets
 * @user: the first that was found
 * @user_len: its length
 * @work: of all packets
 * @work_max: of the dearest packet
 * @blocks: held now
 * @blocks_peak: held at most
 */
struct drive {
	const struct nfim_pack *pack;
	struct nfim_flow flow;
	bool udp;
	bool watch;
	bool paranoid;
	bool has_base[2];
	u32 base[2];
	bool has_acked[2];
	u32 acked[2];
	bool settle;
	bool urgent;
	u32 age;
	u32 head_max;
	u32 blocks_left;
	bool learn;
	bool no_quic;

	struct nfim_step step;
	enum nfim_verdict verdict;
	u32 rule;
	u32 packets;
	u32 brief;	/* of them, that the short way takes, too */
	u32 decided;
	u32 actions;
	u8 user[NFIM_USER_MAX];
	u32 user_len;
	u64 work;
	u32 work_max;
	u32 blocks;
	u32 blocks_peak;
	struct nfim_quic quic;
};

/** drive_init() - a TCP flow whose both starts were seen, at sequence numbers 1000 and 5000 */
void drive_init(struct drive *d, const struct nfim_pack *pack);

/** drive_free() - free what the flow holds */
void drive_free(struct drive *d);

/**
 * drive_at() - a segment
 * @d: the flow
 * @dir: 0 from the side that opened it
 * @off: stream offset of its first byte, modulo 2^32
 * @bytes: payload
 * @len: > 0
 */
enum nfim_verdict drive_at(struct drive *d, u32 dir, u32 off, const void *bytes, u32 len);

/**
 * drive_ack() - a packet without payload, after a change of @acked
 * @d: the flow
 * @dir: whose packet
 */
enum nfim_verdict drive_ack(struct drive *d, u32 dir);

/** drive_datagram() - a datagram */
enum nfim_verdict drive_datagram(struct drive *d, u32 dir, const void *bytes, u32 len);

/**
 * drive_raw() - a segment without its bytes: each is what @fill says of its offset
 * @d: the flow
 * @dir: direction
 * @off: stream offset
 * @len: > 0
 * @fill: gives the byte at an offset of the payload
 */
enum nfim_verdict drive_raw(struct drive *d, u32 dir, u32 off, u32 len, u8 (*fill)(u32 at));

/** drive_rule() - name of the rule that decided, or NULL */
const char *drive_rule(const struct drive *d);

/** drive_proto() - name of the protocol, or NULL */
const char *drive_proto(const struct drive *d);

/** drive_anomaly() - overlaps with different bytes were seen */
bool drive_anomaly(const struct drive *d);

#endif /* _SELFTEST_DRIVE_H */
