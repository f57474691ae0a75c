/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * imtalk - scripted session peer for the firewall tests.
 *
 * A script lists what client (c) and server (s) say, in order. Both ends run
 * the same script, so each knows how many bytes to expect and which.
 */
#ifndef _IMTALK_H
#define _IMTALK_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>

enum {
	IMTALK_OK = 0,
	IMTALK_CUT = 1,		/* the session did not complete */
	IMTALK_USAGE = 2,
};

/* One turn (TCP) or one datagram (UDP) of a script. */
struct line {
	char side;		/* 'c' or 's' */
	size_t off;		/* into script.data */
	size_t len;
};

struct script {
	uint8_t *data;
	size_t size;
	struct line *lines;
	size_t nlines;
	size_t total_c;
	size_t total_s;
};

struct addr {
	struct sockaddr_storage ss;
	socklen_t len;
};

struct opts {
	bool udp;
	bool bytewise;
	bool tfo;
	size_t cut;		/* 0: none */
	size_t cut_from;	/* --cut-all, 0: none */
	size_t cut_to;
	bool has_delay;
	size_t delay_at;
	int delay_ms;
	int timeout_ms;
	int source_port;
	unsigned long count;
	unsigned long flood;	/* 0: no flood */
	size_t first;
	int hold_ms;		/* -1: until a signal */
	struct addr source;	/* first of the range, len 0: any */
	unsigned long nsources;
	struct addr dest;
};

enum sess_state {
	SESS_CONNECT,
	SESS_RUN,
	SESS_ACK,		/* waits until all sent bytes are acknowledged */
	SESS_DELAY,
	SESS_DRAIN,		/* all said, waits for the last acknowledgment */
	SESS_DONE,
	SESS_CUT,
};

/* One TCP session, of either side. Non-blocking, driven by sess_step(). */
struct sess {
	const struct script *sc;
	const struct opts *opts;
	int fd;
	char side;
	enum sess_state state;
	const char *reason;	/* of SESS_CUT */
	size_t line;
	size_t off;		/* within the line */
	size_t tx;
	size_t rx;
	size_t cut;
	bool delayed;
	bool want_write;	/* the last send found the socket full */
	int64_t progress;	/* when the last byte moved, ms */
	int64_t wake;		/* end of SESS_DELAY, ms */
};

/**
 * script_load() - read a script
 * @sc: filled
 * @path: the file
 * @merge: join lines of the same side which follow each other (streams)
 *
 * Return: 0, or -1 after a message.
 */
int script_load(struct script *sc, const char *path, bool merge);
void script_free(struct script *sc);

/**
 * sess_connect() - open a client session
 * @s: filled
 * @sc: the script
 * @o: options, among them the destination
 * @cut: boundary in the client's stream, 0 for none
 *
 * Return: 0, or -1 where not even a socket could be had; a refused connection
 * is a session in SESS_CUT.
 */
int sess_connect(struct sess *s, const struct script *sc, const struct opts *o,
		 size_t cut);
void sess_accept(struct sess *s, const struct script *sc, const struct opts *o,
		 int fd);
/* sess_step() - move on as far as the socket allows. */
void sess_step(struct sess *s);
/* sess_ended() - whether the session is over, either way. */
bool sess_ended(const struct sess *s);
/* sess_waits() - whether it waits for what poll() does not report. */
bool sess_waits(const struct sess *s);
short sess_events(const struct sess *s);
/* sess_through() - bytes of ours which the peer's TCP has acknowledged. */
size_t sess_through(const struct sess *s);
void sess_close(struct sess *s);

/* client_socket() - a socket bound as the options say; nth source address. */
int client_socket(const struct opts *o, unsigned long nth);
int64_t now_ms(void);
void raise_nofile(void);

int serve(const struct script *sc, const struct opts *o, int nports,
	  char **ports);
int talk(const struct script *sc, const struct opts *o);
int talk_udp(const struct script *sc, const struct opts *o);
int flood(const struct script *sc, const struct opts *o);
/* udp_server_init() - peers of a datagram server; -1 without memory. */
int udp_server_init(void);
void udp_server_input(int fd, const struct script *sc);

#endif /* _IMTALK_H */
