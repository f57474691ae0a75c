#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Writes the captures that classify.sh reads, one file a case, into a folder.

All addresses and names are made up. Only the standard library is used, so that the captures'
bytes do not depend on anybody else's idea of a checksum.
"""
import ipaddress
import struct
import sys

SYN, FIN, RST, PSH, ACK = 2, 1, 4, 8, 16


def ymsg(service, pairs, version=16):
    body = b"".join(b"%d\xc0\x80%s\xc0\x80" % (k, v) for k, v in pairs)
    return struct.pack(">4sHHHHII", b"YMSG", version, 0, len(body), service, 0, 0) + body


AUTH = ymsg(0x57, [(1, b"alice")])
TEXT = ymsg(0x06, [(1, b"alice"), (5, b"bob"), (14, b"hi")])


def csum(data):
    if len(data) % 2:
        data += b"\0"
    s = sum(struct.unpack(">%dH" % (len(data) // 2), data))
    while s >> 16:
        s = (s & 0xffff) + (s >> 16)
    return ~s & 0xffff


def ip(src, dst, proto, payload, ident=1, frag=0, options=b""):
    """An IP packet; frag: flags and offset of the IPv4 header."""
    s, d = ipaddress.ip_address(src), ipaddress.ip_address(dst)
    if s.version == 6:
        h = struct.pack(">IHBB", 6 << 28, len(payload), proto, 64)
        return h + s.packed + d.packed + payload
    hlen = 20 + len(options)
    h = struct.pack(">BBHHHBBH4s4s", 0x40 | hlen // 4, 0, hlen + len(payload), ident, frag, 64,
                    proto, 0, s.packed, d.packed) + options
    return h[:10] + struct.pack(">H", csum(h)) + h[12:] + payload


def with_sum(src, dst, proto, data, at):
    s, d = ipaddress.ip_address(src), ipaddress.ip_address(dst)
    c = csum(s.packed + d.packed + struct.pack(">II", len(data), proto) + data)
    return data[:at] + struct.pack(">H", c) + data[at + 2:]


def udp(src, sport, dst, dport, data):
    u = struct.pack(">HHHH", sport, dport, 8 + len(data), 0) + data
    return with_sum(src, dst, 17, u, 6)


def eth(packet, etype=None, tags=b""):
    if etype is None:
        etype = 0x86dd if packet[0] >> 4 == 6 else 0x0800
    return b"\2\0\0\0\0\2\2\0\0\0\0\1" + tags + struct.pack(">H", etype) + packet


class Tcp:
    """A connection that writes its own packets; sequence numbers go on by themselves."""

    def __init__(self, a="10.0.0.1", aport=40000, b="10.9.9.9", bport=5050, isn=(1000, 9000)):
        self.end = ((a, aport), (b, bport))
        self.seq = [isn[0] + 1, isn[1] + 1]
        self.isn = isn

    def segment(self, d, flags, data=b"", seq=None, ack=None, bad_sum=False):
        (src, sport), (dst, dport) = self.end[d], self.end[1 - d]
        seq = self.seq[d] if seq is None else seq
        ack = self.seq[1 - d] if ack is None else ack
        t = struct.pack(">HHIIBBHHH", sport, dport, seq & 0xffffffff,
                        ack & 0xffffffff if flags & ACK else 0, 5 << 4, flags, 65535, 0, 0) + data
        t = with_sum(src, dst, 6, t, 16)
        if bad_sum:
            t = t[:16] + bytes([t[16] ^ 0xff]) + t[17:]
        return ip(src, dst, 6, t)

    def open(self):
        return [self.segment(0, SYN, seq=self.isn[0]),
                self.segment(1, SYN | ACK, seq=self.isn[1]), self.segment(0, ACK)]

    def send(self, d, data, **kw):
        p = self.segment(d, ACK | PSH, data, **kw)
        self.seq[d] += len(data)
        return p

    def close(self):
        return [self.segment(0, FIN | ACK), self.segment(1, FIN | ACK, ack=self.seq[0] + 1),
                self.segment(0, ACK, seq=self.seq[0] + 1, ack=self.seq[1] + 1)]


def pcap(name, packets, link=1, wrap=eth, snap=65535, step=1):
    """snap: bytes of a frame that are captured."""
    with open(name, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 262144, link))
        for i, p in enumerate(packets):
            frame = wrap(p)
            f.write(struct.pack("<IIII", 1000000000 + i * step, 0, min(snap, len(frame)),
                                len(frame)) + frame[:snap])


def pcapng(name, packets):
    def block(kind, body):
        body += b"\0" * (-len(body) % 4)
        n = struct.pack("<I", len(body) + 12)
        return struct.pack("<I", kind) + n + body + n

    with open(name, "wb") as f:
        f.write(block(0x0a0d0d0a, struct.pack("<IHHq", 0x1a2b3c4d, 1, 0, -1)))
        f.write(block(1, struct.pack("<HHI", 1, 0, 65535)))
        f.write(block(1, struct.pack("<HHI", 1, 0, 2000)))
        for i, p in enumerate(packets):
            frame = eth(p)
            f.write(block(6, struct.pack("<IIIII", i % 2, 0, i, len(frame), len(frame)) + frame))


def conversation(**kw):
    t = Tcp(**kw)
    return t.open() + [t.send(0, AUTH), t.send(1, ymsg(0x57, [(1, b"alice")])), t.send(0, TEXT)] + \
        t.close()


def fragments(src, dst, proto, data, size):
    v6 = ipaddress.ip_address(src).version == 6
    out = []
    for off in range(0, len(data), size):
        part, more = data[off:off + size], off + size < len(data)
        if v6:
            h = struct.pack(">BBHI", proto, 0, off | more, 77)
            out.append(ip(src, dst, 44, h + part))
        else:
            out.append(ip(src, dst, proto, part, ident=77, frag=off // 8 | more << 13))
    return out


def tcp_payload(packet):
    """An IP packet's TCP segment."""
    return packet[40:] if packet[0] >> 4 == 6 else packet[20:]


def flows():
    pcap("plain.pcap", conversation())
    pcap("ipv6.pcap", conversation(a="2001:db8::1", b="2001:db8::2"))
    pcapng("plain.pcapng", conversation())

    t = Tcp()
    first = t.open() + [t.send(0, AUTH)] + t.close()
    t = Tcp(isn=(500000, 600000))
    second = t.open() + [t.send(0, b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n")]
    t = Tcp(isn=(700000, 800000))
    third = t.open() + [t.send(0, AUTH)]
    pcap("reused.pcap", first + second + third)

    t = Tcp()
    pcap("from-synack.pcap", (t.open() + [t.send(0, AUTH)])[1:])
    t = Tcp()
    pcap("from-server.pcap", [t.send(1, TEXT), t.send(0, TEXT)])

    t = Tcp()
    pcap("bytewise.pcap", t.open() + [t.send(0, bytes([c])) for c in AUTH])
    t = Tcp()
    opening, base = t.open(), t.seq[0]
    parts = [(i, AUTH[i:i + 5]) for i in range(0, len(AUTH), 5)]
    pcap("backwards.pcap", opening +
         [t.segment(0, ACK, d, seq=base + i) for i, d in reversed(parts)])
    pcap("repeated.pcap", opening + [t.segment(0, ACK, d, seq=base + i)
                                     for i, d in parts for _ in range(3)])

    t = Tcp()
    pcap("decoys.pcap", t.open() + [t.segment(0, RST, seq=1), t.segment(0, SYN, seq=77777777),
                                    t.segment(1, FIN | ACK, seq=5),
                                    t.segment(0, ACK, b"X" * 99, seq=t.seq[0] + 5000000)] +
         [t.send(0, AUTH)])

    t = Tcp()
    pcap("checksum.pcap", t.open() + [t.send(0, AUTH, bad_sum=True)])

    t = Tcp()
    pcap("wrapped.pcap", (lambda t: t.open() + [t.send(0, AUTH[:10]), t.send(0, AUTH[10:])])
         (Tcp(isn=(0xfffffffa, 0xffffffff))))

    dns = udp("10.0.0.1", 5353, "10.9.9.9", 53, b"\x12\x34" + b"\0" * 30)
    pcap("udp.pcap", [ip("10.0.0.1", "10.9.9.9", 17, dns)] * 2)
    pcap("none.pcap", [])
    pcap("arp.pcap", [b"\0" * 28], wrap=lambda p: eth(p, etype=0x0806))
    pcap("snap.pcap", conversation(), snap=14 + 40 + 12)
    pcap("tab\there.pcap", conversation())


def fragmented():
    for name, a, b in (("frag4", "10.0.0.1", "10.9.9.9"), ("frag6", "2001:db8::1", "2001:db8::2")):
        t = Tcp(a=a, b=b)
        opening, data = t.open(), t.send(0, AUTH)
        parts = fragments(a, b, 6, tcp_payload(data), 24)
        pcap(name + ".pcap", opening + parts)
        pcap(name + "-backwards.pcap", opening + parts[::-1])
        pcap(name + "-twice.pcap", opening + [p for p in parts for _ in range(2)])
        pcap(name + "-incomplete.pcap", opening + parts[:-1])
    t = Tcp()
    opening, data = t.open(), tcp_payload(t.send(0, AUTH))
    parts = fragments("10.0.0.1", "10.9.9.9", 6, data, 24)
    other = ip("10.0.0.1", "10.9.9.9", 6, b"X" * 24, ident=77, frag=2 | 1 << 13)
    pcap("frag4-overlap.pcap", opening + parts[:1] + [other] + parts[1:])


def ip_headers():
    t = Tcp()
    opening, data = t.open(), tcp_payload(t.send(0, AUTH))
    pcap("options.pcap", opening + [ip("10.0.0.1", "10.9.9.9", 6, data, options=b"\1" * 12)])
    a, b = "2001:db8::1", "2001:db8::2"
    t = Tcp(a=a, b=b)
    opening, data = t.open(), tcp_payload(t.send(0, AUTH))
    ext = struct.pack(">BB6x", 60, 0) + struct.pack(">BB6x", 43, 0) + struct.pack(">BB6x", 6, 0)
    pcap("exthdr.pcap", opening + [ip(a, b, 0, ext + data)])
    pad = b"\0" * 7

    def padded(p):
        return eth(p) + pad
    pcap("padding.pcap", conversation(), wrap=padded)


def links():
    def sll(p):
        return struct.pack(">HHH8sH", 0, 1, 6, b"\2" * 8, 0x0800) + p

    def sll2(p):
        return struct.pack(">HHIHBB8s", 0x0800, 0, 1, 1, 0, 6, b"\2" * 8) + p

    def wifi(p):
        return b"\x08\x01" + b"\0" * 22 + b"\xaa\xaa\x03\0\0\0\x08\x00" + p

    def wifi_qos(p):
        return b"\x88\x01" + b"\0" * 24 + b"\xaa\xaa\x03\0\0\0\x08\x00" + p

    def radiotap_padded(p):
        return b"\0\0\x09\0\x02\0\0\0\x20" + b"\x88\x01" + b"\0" * 26 + \
            b"\xaa\xaa\x03\0\0\0\x08\x00" + p

    def nflog(p):
        return b"\2\0\0\1" + struct.pack("<HH", 8, 1) + b"\x08\0\1\0" + \
            struct.pack("<HH", 4 + len(p), 9) + p + b"\0" * (-len(p) % 4)

    for name, link, wrap in (
            ("vlan", 1, lambda p: eth(p, tags=b"\x81\0\0\7")),
            ("qinq", 1, lambda p: eth(p, tags=b"\x88\xa8\0\1\x81\0\0\7")),
            ("pppoe", 1, lambda p: eth(b"\x11\0\0\1" + struct.pack(">H", len(p) + 2) + b"\0\x21" +
                                       p, etype=0x8864)),
            ("mpls", 1, lambda p: eth(b"\0\1\0\x40\0\2\1\x40" + p, etype=0x8847)),
            ("snap", 1, lambda p: eth(b"\xaa\xaa\x03\0\0\0\x08\0" + p, etype=len(p) + 8)),
            ("null", 0, lambda p: b"\2\0\0\0" + p),
            ("loop", 108, lambda p: b"\0\0\0\2" + p),
            ("raw", 101, lambda p: p),
            ("ipv4", 228, lambda p: p),
            ("ppp", 9, lambda p: b"\xff\3\0\x21" + p),
            ("ppp-short", 9, lambda p: b"\x21" + p),
            ("chdlc", 104, lambda p: b"\x0f\0\x08\0" + p),
            ("sll", 113, sll),
            ("sll2", 276, sll2),
            ("token-ring", 6, lambda p: b"\x10\x40" + b"\2" * 12 + b"\xaa\xaa\3\0\0\0\x08\0" + p),
            ("fddi", 10, lambda p: b"\x50" + b"\2" * 12 + b"\xaa\xaa\3\0\0\0\x08\0" + p),
            ("wifi", 105, wifi),
            ("radiotap", 127, lambda p: b"\0\0\x08\0\0\0\0\0" + wifi_qos(p)),
            ("radiotap-padded", 127, radiotap_padded),
            ("nflog", 239, nflog),
            ("raw-openbsd", 14, lambda p: p),
            ("slip", 8, lambda p: b"\1" + b"\0" * 15 + p),
            ("ppp-ether", 51, lambda p: b"\x11\0\0\1" + struct.pack(">HH", len(p) + 2, 0x21) + p),
            ("pppd", 166, lambda p: b"\1\3\0\x21" + p),
            ("rfc1483", 100, lambda p: b"\xaa\xaa\3\0\0\0\x08\0" + p),
            ("frame-relay", 107, lambda p: b"\x18\x41\3\xcc" + p),
            ("enc", 109, lambda p: b"\0" * 12 + p),
            ("pflog", 117, lambda p: b"\x3d\2\0\0" + b"\0" * 60 + p),
            ("prism", 119, lambda p: struct.pack("<II", 0x44, 144) + b"\0" * 136 + wifi(p)),
            ("avs", 163, lambda p: struct.pack(">II", 0x80211001, 64) + b"\0" * 56 + wifi(p)),
            ("ppi", 192, lambda p: struct.pack("<BBHI", 0, 0, 8, 105) + wifi(p))):
        pcap("link-" + name + ".pcap", conversation(), link=link, wrap=wrap)


def query(name, qtype=1, flags=0x100, answers=0):
    labels = b"".join(bytes([len(x)]) + x for x in name.split(b"."))
    return struct.pack(">HHHHHH", 7, flags, 1, answers, 0, 0) + labels + \
        struct.pack(">BHH", 0, qtype, 1) + answers * b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\1\2\3\4"


def lookups():
    def one(src, sport, dst, dport, message):
        return ip(src, dst, 17, udp(src, sport, dst, dport, message))

    def ask(port, *messages):
        return [one("10.0.0.1", port, "10.9.9.9", 53, m) for m in messages]

    def answer(port, message):
        return [one("10.9.9.9", 53, "10.0.0.1", port, message)]

    name = b"g.WhatsApp.net"
    pcap("lookup-udp.pcap", ask(4001, query(name)) +
         answer(4001, query(name, flags=0x8180, answers=1)) +
         ask(4002, query(b"www.example.org"), query(b"t.me"), query(name)) +
         ask(4003, query(b"notwhatsapp.net"), query(name, flags=0x2800), b"g.whatsapp.net" * 3) +
         ask(4004, *20 * [b"something else"], query(name, 65)) +
         answer(4005, query(name, flags=0x8183)))
    data = b"".join(struct.pack(">H", len(m)) + m
                    for m in (query(b"www.example.org"), query(name), query(b"t.me")))
    for size in (1, 40, 400):
        t = Tcp(bport=53)
        pcap("lookup-tcp%d.pcap" % size, t.open() +
             [t.send(0, data[i:i + size]) for i in range(0, len(data), size)])


def hello(name):
    """A ClientHello of TLS, RFC 8446 section 4.1.2."""
    def sized(fmt, data):
        return struct.pack(fmt, len(data)) + data

    sni = sized(">H", b"\0" + sized(">H", name))
    body = b"\3\3" + bytes(range(32)) + b"\0" + sized(">H", b"\x13\1") + b"\1\0" + \
        sized(">H", b"\0\0" + sized(">H", sni))
    return b"\x16\3\1" + sized(">H", b"\1\0" + sized(">H", body))


def correlated():
    def one(src, sport, dst, dport, message):
        return ip(src, dst, 17, udp(src, sport, dst, dport, message))

    def noise(a, b, aport, first=b""):
        t = Tcp(a=a, b=b, aport=aport, bport=7000)
        noise = bytes.fromhex("b7519e33c8aad2f05c1be7a4096d83f1be42")
        return t.open() + [t.send(0, first + noise), t.send(1, noise), t.segment(0, ACK)]

    me, other, there = "10.0.0.1", "10.0.0.2", "1.2.3.4"
    name = b"g.whatsapp.net"
    asked = [one(me, 4001, "10.9.9.9", 53, query(name)),
             one("10.9.9.9", 53, me, 4001, query(name, flags=0x8180, answers=1))]
    flows = noise(me, there, 5001) + noise(other, there, 5002) + noise(me, "1.2.3.5", 5003) + \
        noise(me, there, 5004)[2:] + \
        noise(me, there, 5005, b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n") + \
        noise(me, there, 5006)
    pcap("correlate.pcap", asked + flows)
    pcap("correlate-late.pcap", asked + noise(me, there, 5001), step=25)
    pcap("correlate-unasked.pcap", asked[1:] + noise(me, there, 5001))
    shared = [one(me, 4002, "10.9.9.9", 53, query(b"example.org")),
              one("10.9.9.9", 53, me, 4002, query(b"example.org", flags=0x8180, answers=1))]
    pcap("correlate-shared.pcap", shared + asked + noise(me, there, 5001))
    waits = noise(me, there, 5001)
    pcap("correlate-meanwhile.pcap", asked + waits[:4] + shared + waits[4:])
    t = Tcp(b="10.9.9.9", bport=53)
    pcap("correlate-tcp.pcap", t.open() +
         [t.send(i, struct.pack(">H", len(m)) + m)
          for i, m in enumerate((query(name), query(name, flags=0x8180, answers=1)))] +
         noise(me, there, 5001))
    # The same words from either end.
    for d, who in enumerate(("client", "server")):
        t = Tcp(b=there, bport=443)
        pcap("correlate-%s.pcap" % who, t.open() +
             [t.send(d, hello(b"web.whatsapp.com")), t.segment(1 - d, ACK)] +
             noise(me, there, 5001))


def offers():
    def dcc(verb, addr, port):
        return b"PRIVMSG bob :\x01DCC %s a %s %d 5\x01\r\n" % (verb, addr, port)

    def talk(*lines, prefix=b"", d=0):
        t = Tcp(bport=6667)
        begin = t.open() + [t.send(0, b"NICK alice\r\nUSER alice 0 * :A\r\n")]
        return begin + [t.send(d, prefix + line) for line in lines]

    def data(a, b, bport, aport=50000):
        t = Tcp(a=a, b=b, bport=bport, aport=aport)
        return t.open() + [t.send(1, b"bytes"), t.send(0, b"\0\0\0\5")]

    me, other = "10.0.0.1", "10.0.0.2"
    pcap("dcc-own.pcap", talk(dcc(b"SEND", b"167772161", 5555), dcc(b"CHAT", b"10.0.0.1", 5556)) +
         data(other, me, 5555) + data(other, me, 5556, 50001) + data(other, me, 5557, 50002) +
         data(me, other, 5555, 50003))
    there = talk(dcc(b"SEND", b"167772162", 5555), dcc(b"SEND", b"167772162", 443), d=1,
                 prefix=b":bob!bob@example.org ")
    pcap("dcc-other.pcap", there + data(me, other, 5555) + data(me, other, 5555, 50001) +
         data("10.0.0.3", other, 5555) + data(other, me, 5555) + data(me, other, 443))
    v6 = [Tcp(a="2001:db8::1", b="2001:db8::9", bport=6667)]
    pcap("dcc-ipv6.pcap", v6[0].open() + [v6[0].send(0, b"NICK a\r\nUSER a 0 * :A\r\n"),
         v6[0].send(0, dcc(b"SEND", b"2001:db8::1", 5555))] +
         data("2001:db8::2", "2001:db8::1", 5555) + data("2001:db8::2", "2001:db8::1", 5556))
    late = talk(dcc(b"SEND", b"167772161", 5555)) + data(other, me, 5555)
    pcap("dcc-late.pcap", late, step=30)
    pcap("dcc-passive.pcap", talk(dcc(b"SEND", b"167772161", 0)) + data(other, me, 5555))
    # Packets that anybody may have sent: a SYN with bytes, and one in the middle of nothing.
    lone, stray = Tcp(bport=6667), Tcp(aport=40001, bport=6667)
    pcap("dcc-forged.pcap",
         [lone.segment(0, SYN, dcc(b"SEND", b"1", 5555), seq=lone.isn[0]),
          stray.send(0, dcc(b"SEND", b"1", 5555))] + data(other, me, 5555))
    many = talk(*[dcc(b"SEND", b"167772161", 6000 + i) for i in range(65)])
    media()
    pcap("dcc-many.pcap", many + data(other, me, 6063) + data(other, me, 6064), step=0)
    t = Tcp(bport=5222)
    hosts = b"<iq type='set' id='1'><query xmlns='http://jabber.org/protocol/bytestreams' sid='s'>" \
        b"<streamhost jid='a' host='10.0.0.1' port='5555'/><streamhost jid='p' " \
        b"port='7777' host='10.0.0.9'/></query></iq>"
    pcap("bytestream.pcap", t.open() + [t.send(
        0, b"<stream:stream to='example.org' xmlns='jabber:client' "
        b"xmlns:stream='http://etherx.jabber.org/streams'>"), t.send(0, hosts)] +
        data(other, me, 5555) + data(me, "10.0.0.9", 7777) + data(other, "10.0.0.9", 7777))


def media():
    """A call, and the media of it: from its ports, and from others."""
    def one(src, sport, dst, dport, data):
        return ip(src, dst, 17, udp(src, sport, dst, dport, data))

    def sip(first, body):
        return first + b"\r\nVia: SIP/2.0/UDP a\r\nContent-Length: %d\r\n\r\n" % len(body) + body

    def sdp(addr, kind, port):
        return b"v=0\r\nc=IN IP4 %s\r\nt=0 0\r\nm=%s %d RTP/AVP 0\r\n" % (addr, kind, port)

    def invite(kind, port):
        return one(me, 5060, other, 5060, sip(b"INVITE sip:b@b SIP/2.0", sdp(b"10.0.0.1", kind, port)))

    me, other = "10.0.0.1", "10.0.0.2"
    rtp = b"\x80\0\0\1" + b"\0" * 8 + b"12345678"
    taken = one(other, 5060, me, 5060, sip(b"SIP/2.0 200 OK", sdp(b"10.0.0.2", b"audio", 5000)))
    pcap("sip-media.pcap", [invite(b"audio", 4000), taken, invite(b"video", 4002),
         one(me, 4000, other, 5001, rtp), one(me, 4001, other, 5000, rtp),
         one(other, 5002, me, 4002, rtp), one(me, 4003, other, 5003, rtp)])


def broken():
    with open("plain.pcap", "rb") as f:
        whole = f.read()
    for name, data in (("empty.bad", b""), ("text.bad", b"this is no capture\n" * 9),
                       ("cut.bad", whole[:-9]), ("header.bad", whole[:20])):
        with open(name, "wb") as f:
            f.write(data)
    pcap("link.bad", conversation(), link=147)
    # Every byte of one frame, each with another wrong value.
    t = Tcp()
    frames = (t.open() + [t.send(0, AUTH)])
    pcap("mangled.pcap", [p[:i] + bytes([p[i] ^ v]) + p[i + 1:] for p in frames
                          for i in range(len(p)) for v in (1, 0x0f, 0x80, 0xff)])
    pcap("short.pcap", [p[:i] for p in frames for i in range(1, len(p))])


if __name__ == "__main__":
    import os
    os.chdir(sys.argv[1])
    flows()
    fragmented()
    ip_headers()
    links()
    lookups()
    correlated()
    offers()
    broken()
