#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Writes a capture for each evasion of PROTOCOLS.md part E, and for twins that are none.

Beside them table.tsv: the file, its row and what it does, the protocol that is expected (- for
none), and the host (empty: it does not matter). evasions.sh compares.
"""
import os
import random
import struct
import sys

from mkpcap import (ACK, AUTH, FIN, PSH, RST, SYN, TEXT, Tcp, eth, fragments, ip, pcap,
                    tcp_payload, udp, ymsg)

URG = 32
table = []


def case(name, packets, proto="ymsg", host="", **kw):
    """name: "E1 what it is about"."""
    file = name.split()[0].lower() + "-%d.pcap" % len(table)
    pcap(file, packets, **kw)
    table.append((file, name, proto, host))


def talk(*turns, cut=0, **kw):
    """A connection. A turn is the client's bytes, or the server's after "S"."""
    t = Tcp(**kw)
    out = t.open()
    for turn in turns:
        d, data = (1, turn[1]) if isinstance(turn, tuple) else (0, turn)
        step = cut or len(data)
        for i in range(0, len(data), step):
            out.append(t.send(d, data[i:i + step]))
    return out


def pieces(order, cut=5):
    t = Tcp()
    out, base = t.open(), t.seq[0]
    parts = [(i, AUTH[i:i + cut]) for i in range(0, len(AUTH), cut)]
    return out + [t.segment(0, ACK, d, seq=base + i) for i, d in order(parts)]


def overlap(first, second, rest=b""):
    t = Tcp()
    out, base = t.open(), t.seq[0]
    out += [t.segment(0, ACK, first, seq=base), t.segment(0, ACK, second, seq=base)]
    return out + ([t.segment(0, ACK, rest, seq=base + len(second))] if rest else [])


def tcp_rows():
    for port in (1, 80, 443, 53, 8080, 65535):
        case("E1 port %d" % port, talk(AUTH, bport=port))
    case("E1 twin: port 5050 alone", talk(b"hello there, 12 bytes"), "-")
    case("E2 a byte a segment", talk(AUTH, cut=1))
    case("E3 five minutes between segments", talk(AUTH, cut=4), step=300)
    case("E4 from the last to the first", pieces(reversed))
    case("E5 each twice", pieces(lambda p: [x for x in p for _ in range(2)]))
    wrong = b"XXXX" + AUTH[4:]
    case("E6 wrong, then right", overlap(wrong[:8], AUTH[:8], AUTH[8:]))
    case("E6 right, then wrong", overlap(AUTH[:8], wrong[:8], AUTH[8:]))
    case("E6 twin: wrong both times", overlap(wrong[:8], b"ZZZZ" + AUTH[4:8], AUTH[8:]), "-")
    t = Tcp()
    case("E7 a decoy with a wrong checksum", t.open() + [t.segment(
        0, ACK, b"GET / HTTP/1.0\r\n\r\n", bad_sum=True), t.send(0, AUTH)])
    case("E8 a decoy that does not arrive", overlap(wrong, AUTH))
    for ahead in (5000000, -5000000):
        t = Tcp()
        case("E9 a decoy %+d bytes away" % ahead, t.open() + [t.segment(
            0, ACK, b"X" * 40, seq=t.seq[0] + ahead), t.send(0, AUTH)])
    t = Tcp()
    case("E10 RST and FIN with wrong numbers", t.open() + [
        t.segment(0, RST, seq=1), t.segment(1, FIN | ACK, seq=5), t.send(0, AUTH)])
    t = Tcp()
    out = t.open()
    syn = out[0][:20] + out[0][20:]
    data = t.send(0, AUTH)
    case("E36 data in the SYN", [syn_data(AUTH), out[1], out[2]])
    t = Tcp()
    case("E37 an urgent byte, delivered inline", t.open() + [
        t.send(0, AUTH[:6]), t.segment(0, ACK | PSH | URG, AUTH[6:])])
    t = Tcp()
    case("E56 probes with a byte of garbage", t.open() + [
        t.send(0, AUTH[:6]), t.segment(1, ACK), t.segment(0, ACK, b"?", seq=t.seq[0] - 1),
        t.send(0, AUTH[6:])])
    t = Tcp()
    case("E57 both ends open", [t.segment(0, SYN, seq=t.isn[0]), t.segment(1, SYN, seq=t.isn[1]),
                                t.segment(0, SYN | ACK, seq=t.isn[0]),
                                t.segment(1, SYN | ACK, seq=t.isn[1]), t.send(0, AUTH)])
    case("E52 never any payload", Tcp().open(), "-")
    assert syn and data


def syn_data(data):
    t = Tcp()
    return t.segment(0, SYN, data, seq=t.isn[0])


def ip_rows():
    for a, b in (("10.0.0.1", "10.9.9.9"), ("2001:db8::1", "2001:db8::2")):
        t = Tcp(a=a, b=b)
        opening, seg = t.open(), tcp_payload(t.send(0, AUTH))
        parts = fragments(a, b, 6, seg, 24)
        case("E11 fragments, %s" % a, opening + parts)
        case("E11 fragments backwards, %s" % a, opening + parts[::-1])
    t = Tcp()
    opening, seg = t.open(), tcp_payload(t.send(0, AUTH))
    case("E11 first fragment of 8 bytes", opening + fragments("10.0.0.1", "10.9.9.9", 6, seg, 8))
    a, b = "2001:db8::1", "2001:db8::2"
    t = Tcp(a=a, b=b)
    opening, seg = t.open(), tcp_payload(t.send(0, AUTH))
    ext = struct.pack(">BB6x", 60, 0) + struct.pack(">BB6x", 43, 0) + struct.pack(">BB6x", 6, 0)
    case("E12 extension headers", opening + [ip(a, b, 0, ext + seg)])
    case("E12 an atomic fragment", opening + [ip(a, b, 44, struct.pack(">BBHI", 6, 0, 0, 7) +
                                                 seg)])
    t = Tcp()
    opening, seg = t.open(), tcp_payload(t.send(0, AUTH))
    case("E13 options", opening + [ip("10.0.0.1", "10.9.9.9", 6, seg, options=b"\1" * 12)])
    case("E45 a VLAN", talk(AUTH), wrap=lambda p: eth(p, tags=b"\x81\0\0\7"))
    case("E45 PPPoE", talk(AUTH), wrap=lambda p: eth(
        b"\x11\0\0\1" + struct.pack(">H", len(p) + 2) + b"\0\x21" + p, etype=0x8864))


def hello(name=None, extra=b"", raw=None):
    """A ClientHello without its record."""
    ext = b""
    if name is not None:
        entry = b"\0" + struct.pack(">H", len(name)) + name
        ext += struct.pack(">HHH", 0, len(entry) + 2, len(entry)) + entry
    if raw is not None:
        ext += struct.pack(">HH", 0, len(raw)) + raw
    ext = extra + ext
    body = b"\3\3" + b"R" * 32 + b"\0" + b"\0\2\x13\1" + b"\1\0" + \
        struct.pack(">H", len(ext)) + ext
    return b"\1" + struct.pack(">I", len(body))[1:] + body


def records(data, size=16384):
    return b"".join(b"\x16\3\1" + struct.pack(">H", len(data[i:i + size])) + data[i:i + size]
                    for i in range(0, len(data), size))


def extension(kind, size):
    return struct.pack(">HH", kind, size) + b"\0" * size


WEB = b"web.telegram.org"


def tls_rows():
    def tls(*a, **kw):
        return records(hello(*a, **kw))
    case("E14 records of 20 bytes", talk(records(hello(WEB), 20)), "telegram")
    case("E14 records of 1 byte", talk(records(hello(WEB), 1)), "telegram")
    case("E15 a byte a segment", talk(tls(WEB), cut=1), "telegram")
    case("E15 a record's head in two segments", talk(tls(WEB)[:3], tls(WEB)[3:]), "telegram")
    case("E16 upper case, and a dot", talk(tls(b"WEB.Telegram.ORG.")), "telegram")
    case("E16 no name", talk(tls()), "-")
    case("E16 an address", talk(tls(b"149.154.167.99")), "-")
    case("E16 an empty list", talk(tls(raw=b"\0\0")), "-")
    case("E17 GREASE and padding", talk(tls(WEB, extension(0x0a0a, 0) + extension(21, 2500))),
         "telegram")
    case("E17 twin: another name", talk(tls(b"web.telegram.org.example", extension(21, 2500))), "-")
    case("E18 ECH: the outer name counts", talk(tls(WEB, extension(0xfe0d, 40))), "telegram")
    case("E18 ECH: the outer name is a front's",
         talk(tls(b"cloudflare-ech.com", extension(0xfe0d, 40))), "-")
    case("E19 in SOCKS", talk(SOCKS5, ("S", SOCKS5_S), tls(WEB)), "telegram", "web.telegram.org")
    case("E19 in CONNECT", talk(CONNECT, ("S", OK), tls(WEB)), "telegram", "web.telegram.org")
    case("E27 IRC in TLS", talk(tls(b"irc.example.org")), "-")
    case("E53 a name of another alphabet", talk(tls(b"xn--telegram-7of.org")), "-")


SOCKS4 = b"\4\1\x13\xba\x0a\1\2\3me\0"
SOCKS4_S = b"\0\x5a" + bytes(6)
SOCKS4A = b"\4\1\x13\xba\0\0\0\1me\0scs.msg.yahoo.com\0"
SOCKS5 = b"\5\1\0\5\1\0\3\x0bexample.org\x13\xba"
SOCKS5_S = b"\5\0\5\0\0\1\1\2\3\4\x13\xba"
CONNECT = b"CONNECT scs.msg.yahoo.com:5050 HTTP/1.1\r\nHost: scs.msg.yahoo.com:5050\r\n\r\n"
OK = b"HTTP/1.1 200 Connection established\r\n\r\n"
GATEWAY = b"POST /gateway/gateway.dll?Action=poll&SessionID=1.2 HTTP/1.1\r\n"
TUNNEL = b"POST /notify/ HTTP/1.1\r\n"


def http_rows():
    end = b"Content-Length: 0\r\n\r\n"
    case("E20 odd case and blanks", talk(TUNNEL + b"hOsT :\t scs.msg.yahoo.com \r\n" + end))
    case("E20 a folded line", talk(TUNNEL + b"Host:\r\n  scs.msg.yahoo.com\r\n" + end))
    case("E20 bare LF", talk((TUNNEL + b"Host: scs.msg.yahoo.com\r\n" + end).replace(b"\r", b"")))
    case("E20 twin: another host", talk(TUNNEL + b"hOsT :\t scs.msg.example.com \r\n" + end), "-")
    for n in (1, 2, 8):
        case("E21 %d empty lines first" % n, talk(b"\r\n" * n + GATEWAY + end), "msnp")
    case("E21 twin: garbage first", talk(b"xyz\r\n" + GATEWAY + end), "-")
    yahoo, other = b"scs.msg.yahoo.com", b"example.org"
    for uri, host in ((yahoo, other), (other, yahoo)):
        case("E22 target %s, Host %s" % (uri.decode(), host.decode()),
             talk(b"POST http://" + uri + b":80/notify/ HTTP/1.1\r\nHost: " + host + b":80.\r\n" +
                  end))
    case("E22 twin: neither", talk(b"POST http://a.example/notify/ HTTP/1.1\r\nHost: " + other +
                                   b"\r\n" + end), "-")
    get = b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n"
    case("E23 the second of two requests in a segment", talk(get + GATEWAY + end), "msnp")
    case("E23 a later request", talk(get, ("S", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"),
                                     GATEWAY + end), "msnp")
    case("E23 behind a body", talk(b"POST / HTTP/1.1\r\nContent-Length: 6\r\n\r\nGET / " + GATEWAY +
                                   end), "msnp")
    chunked = b"Transfer-Encoding: chunked\r\n\r\n"
    case("E23 in chunks", talk(TUNNEL + chunked + b"".join(
        b"1\r\n%c\r\n" % c for c in AUTH[:20]) + b"0\r\n\r\n"))
    case("E23 behind chunks", talk(b"POST / HTTP/1.1\r\n" + chunked + b"5\r\nabcde\r\n0\r\n\r\n" +
                                   GATEWAY + end), "msnp")
    case("E23 twin: in a body", talk(b"POST / HTTP/1.1\r\nContent-Length: 200\r\n\r\n" + GATEWAY +
                                     end), "-")
    case("E24 needless escapes", talk(GATEWAY.replace(b"/gate", b"/%67%61te", 1) + end), "msnp")
    case("E24 twin: an escaped slash", talk(GATEWAY.replace(b"way/", b"way%2F", 1) + end), "-")
    case("E25 HTTP/2", talk(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9)), "-")


XMPP = b"<?xml version='1.0'?><stream:stream to='example.org' xmlns='jabber:client' " \
    b"xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"
IRC = b"NICK alice\r\nUSER alice 0 * :Alice\r\n"
SIP = b"MESSAGE sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/TCP p;branch=z9hG4bK1\r\nl: 2\r\n\r\nhi"


def text_rows():
    case("E26 lower case", talk(IRC.replace(b"NICK", b"nick").replace(b"USER", b"user")), "irc")
    case("E26 blanks and LF", talk(b"NICK  alice\nUSER  alice  0  *  :Alice\n"), "irc")
    case("E26 a prefix", talk(b":alice NICK alice\r\n:alice USER alice 0 * :Alice\r\n"), "irc")
    case("E26 PASS first", talk(b"PASS secret\r\n" + IRC), "irc")
    case("E26 CAP first", talk(b"CAP LS 302\r\n" + IRC), "irc")
    case("E26 twin: FTP", talk(("S", b"220 ftp\r\n"), b"USER anonymous\r\n", ("S", b"331 ok\r\n"),
                               b"PASS x\r\n"), "-")
    case("E28 other order, quotes and blanks",
         talk(b"<stream:stream\n version=\"1.0\"\txmlns:stream = "
              b"\"http://etherx.jabber.org/streams\" xmlns=\"jabber:client\" to=\"example.org\" >"),
         "xmpp")
    case("E28 another prefix", talk(b"<s:stream xmlns:s='http://etherx.jabber.org/streams' "
                                    b"xmlns='jabber:client' to='example.org'>"), "xmpp")
    case("E28 twin: another namespace", talk(b"<stream:stream xmlns:stream='http://example.org/s' "
                                             b"xmlns='example'>"), "-")
    case("E29 a comment and CDATA in a stanza",
         talk(XMPP, b"<message to='a@b'><!-- x --><body><![CDATA[&#115;]]></body></message>"),
         "xmpp")
    case("E30 a byte order mark", talk(b"\xef\xbb\xbf" + XMPP), "xmpp")
    case("E30 twin: UTF-16", talk(XMPP.decode().encode("utf-16")), "-")
    case("E31 blanks first", talk(b" \n \n  " + XMPP), "xmpp")
    case("E32 an empty line first, compact fields", talk(b"\r\n" + SIP), "sip")
    case("E32 no Content-Length", talk(SIP.replace(b"l: 2\r\n", b"")), "sip")
    case("E32 twin: a method in lower case", talk(SIP.lower()), "-")
    case("E33 empty lines before SIP", talk(b"\r\n\r\n", SIP), "sip")
    case("E33 0x80 before Sametime", talk(bytes.fromhex(
        "800000001a0000000000000000001e001d000000007f000001170000000000")), "sametime")
    case("E33 a blank before XMPP", talk(b" ", XMPP), "xmpp")


def wrapped_rows():
    for name, turns, host in (
            ("SOCKS 4", (SOCKS4, ("S", SOCKS4_S)), "10.1.2.3"),
            ("SOCKS 4a", (SOCKS4A, ("S", SOCKS4_S)), "scs.msg.yahoo.com"),
            ("SOCKS 5", (SOCKS5, ("S", SOCKS5_S)), "example.org"),
            ("CONNECT", (CONNECT, ("S", OK)), "scs.msg.yahoo.com"),
            ("SOCKS in CONNECT", (CONNECT, ("S", OK), SOCKS5, ("S", SOCKS5_S)), "example.org"),
            ("three", (SOCKS5, ("S", SOCKS5_S), CONNECT, ("S", OK), SOCKS4, ("S", SOCKS4_S)),
             "10.1.2.3")):
        case("E34 %s" % name, talk(*turns, AUTH), "ymsg", host)
        case("E34 %s, a byte a segment" % name, talk(*turns, AUTH, cut=1), "ymsg", host)
        case("E34 %s, the server's answer" % name,
             talk(*turns, ("S", ymsg(0x57, [(1, b"a")]))), "ymsg", host)
        case("E34 twin: %s, nothing known inside" % name, talk(*turns, b"EHLO a\r\n"), "-")
    case("E34 HTTP in SOCKS", talk(SOCKS5, ("S", SOCKS5_S), GATEWAY + b"\r\n"), "msnp")
    case("E34 twin: refused", talk(SOCKS5, ("S", b"\5\xff"), b"YMSG"), "-")
    socks_udp = b"\0\0\0\1\x0a\1\2\3\x13\xc4"
    message = SIP.replace(b"TCP", b"UDP")
    case("E35 SIP in a datagram of SOCKS", datagrams(socks_udp + message), "sip")
    case("E35 twin: a part", datagrams(b"\0\0\1" + socks_udp[3:] + message), "-")
    upgrade = b"GET /ws HTTP/1.1\r\nHost: example.org\r\nUpgrade: websocket\r\n\r\n"
    switch = ("S", b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
    frame = b"<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='example.org'/>"
    masked = b"\x81" + bytes([0x80 | len(frame)]) + b"\1\2\3\4" + \
        bytes(c ^ (i % 4 + 1) for i, c in enumerate(frame))
    case("E51 a WebSocket, then XMPP", talk(upgrade, switch, masked), "xmpp", "example.org")
    case("E51 CONNECT, then XMPP", talk(CONNECT, ("S", OK), XMPP), "xmpp")
    case("E51 XMPP, then TLS", talk(XMPP, b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
                                    records(hello(b"example.org"))), "xmpp")


def datagrams(*data):
    return [ip("10.0.0.1", "10.9.9.9", 17, udp("10.0.0.1", 5555, "10.9.9.9", 5060, d))
            for d in data]


def other_rows():
    rng = random.Random(7)

    def noise(n):
        return bytes(rng.randrange(256) for _ in range(n))
    t = Tcp()
    case("E38 a subflow without first bytes", t.open() + [t.send(0, TEXT[7:] + noise(40))], "-")
    t = Tcp()
    case("E39 picked up again", [t.send(0, TEXT), t.send(1, TEXT)])
    message = SIP.replace(b"TCP", b"UDP")
    case("E40 the first datagrams are lost, others twice",
         datagrams(b"\0\0\0\0", message[40:], message, message), "sip")
    t = Tcp()
    t.seq[0] += 5000
    case("E44 YMSG in mid-stream", [t.send(0, TEXT)])
    t = Tcp()
    case("E44 twin: inside a frame", [t.send(0, TEXT[9:]), t.send(0, TEXT[11:])], "-")
    t = Tcp()
    case("E46 only the client's packets", [p for p in t.open()[::2]] + [t.send(0, AUTH)])
    case("E47 a mail server's banner", talk(("S", b"220 mail ESMTP\r\n"), b"EHLO a\r\n"), "-")
    case("E47 a mailbox's banner", talk(("S", b"+OK POP3\r\n"), b"USER a\r\n", ("S", b"+OK\r\n"),
                                        b"PASS b\r\n"), "-")
    for i in range(5):
        case("E48 noise %d" % i, talk(noise(800), ("S", noise(800))), "-")
    case("E48 a download of frames",
         talk(b"GET /dump HTTP/1.1\r\nHost: example.org\r\n\r\n",
              ("S", b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n" + AUTH * 3)), "-")
    tlv = b"".join(struct.pack(">HH", 0x7000 + i, 4) + b"pad." for i in range(64))
    body = b"\0\0\0\1" + struct.pack(">HH", 6, 4) + b"cook" + tlv
    case("E49 many unknown TLVs", talk(b"\x2a\1\0\1" + struct.pack(">H", len(body)) + body),
         "oscar")
    case("E50 an unknown service", talk(ymsg(0x0200, [(1, b"a")])))
    case("E50 version 0x00ff", talk(ymsg(0x57, [(1, b"a")], version=0xff)))
    case("E50 twin: service out of range", talk(ymsg(0xffff, [(1, b"a")])), "-")
    case("E55 the cookie of STUN in a game",
         datagrams(b"\0\1\0\7\x21\x12\xa4\x42" + noise(30)), "-")


if __name__ == "__main__":
    os.chdir(sys.argv[1])
    tcp_rows()
    ip_rows()
    tls_rows()
    http_rows()
    text_rows()
    wrapped_rows()
    other_rows()
    with open("table.tsv", "w", encoding="ascii") as f:
        for line in table:
            f.write("\t".join(line) + "\n")
