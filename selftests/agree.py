#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""agree.py CAPTURES OUT - makes captures that a firewall can be sent, for selftests/agree.

Of each file below CAPTURES its packets of TCP and UDP are written to OUT as frames of Ethernet,
whatever their link was: with 64 hops to go; from and to addresses of a test network where the
real ones cannot be forwarded (this host's own, those of a link, the test bed's); and with the
right checksums where most of a sender's are wrong, because its network card was to reckon them. A flow
of which a frame was cut short is left out, as are packets to groups of hosts.
"""
import collections
import ipaddress
import os
import struct
import sys

ETHERNET, NULL, RAW, LOOP, SLL, IPV4, IPV6, SLL2 = 1, 0, 101, 108, 113, 228, 229, 276
RAW_OLD = (12, 14)
PPPOE = b"\x88\x64"
TAGS = (0x8100, 0x88a8, 0x9100)
PCAP = {b"\xd4\xc3\xb2\xa1": "<", b"\xa1\xb2\xc3\xd4": ">", b"\x4d\x3c\xb2\xa1": "<"}
PCAPNG, SECTION, INTERFACE, SIMPLE, ENHANCED = b"\n\r\r\n", 0x0a0d0d0a, 1, 3, 6
HEADER = struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 262144, ETHERNET)
MACS = b"\x02\0\0\0\0\x02\x02\0\0\0\0\x01"
TCP, UDP = 6, 17
# Addresses of the test bed, which its firewall takes for itself.
OURS = [ipaddress.ip_network(n) for n in ("10.0.1.0/24", "10.0.2.0/24", "fd00:1::/64",
                                          "fd00:2::/64")]
HOPS = 64

Frame = collections.namedtuple("Frame", "link at data whole")


# --- Reading ---------------------------------------------------------------------------------

def pcap(data, order):
    link = struct.unpack(order + "I", data[20:24])[0] & 0xffff
    at = 24
    while at + 16 <= len(data):
        second, part, caplen, length = struct.unpack(order + "IIII", data[at:at + 16])
        yield Frame(link, (second, part), data[at + 16:at + 16 + caplen], caplen == length)
        at += 16 + caplen


def pcapng(data):
    order, links, at = "<", [], 0
    while at + 12 <= len(data):
        kind = struct.unpack("<I", data[at:at + 4])[0]
        if kind == SECTION:
            order = "<" if data[at + 8:at + 12] == b"\x4d\x3c\x2b\x1a" else ">"
            links = []
        kind, length = struct.unpack(order + "II", data[at:at + 8])
        if length < 12:
            return
        body = data[at + 8:at + length - 4]
        at += length
        if kind == INTERFACE:
            links.append(struct.unpack(order + "H", body[:2])[0])
        elif kind == ENHANCED and len(body) >= 20:
            which, high, low, caplen, full = struct.unpack(order + "IIIII", body[:20])
            micros = high << 32 | low
            if which < len(links):
                yield Frame(links[which], divmod(micros, 1000000), body[20:20 + caplen],
                            caplen == full)
        elif kind == SIMPLE and links:
            full = struct.unpack(order + "I", body[:4])[0]
            yield Frame(links[0], (0, 0), body[4:4 + full], len(body) >= 4 + full)


def frames(path):
    with open(path, "rb") as f:
        data = f.read()
    if data[:4] == PCAPNG:
        return pcapng(data)
    return pcap(data, PCAP[data[:4]]) if data[:4] in PCAP and len(data) >= 24 else ()


def ethernet(data):
    at = 12
    while len(data) >= at + 2 and struct.unpack(">H", data[at:at + 2])[0] in TAGS:
        at += 4
    kind = data[at:at + 2]
    if kind == PPPOE and data[at + 8:at + 10] in (b"\0\x21", b"\0\x57"):
        return data[at + 10:]
    return data[at + 2:] if kind in (b"\x08\0", b"\x86\xdd") else b""


def ip_of(frame):
    """Bytes of the IP packet in a frame; none for what else there is."""
    data = {ETHERNET: ethernet, NULL: lambda d: d[4:], LOOP: lambda d: d[4:],
            SLL: lambda d: d[16:], SLL2: lambda d: d[20:]}.get(frame.link, lambda d: d)(frame.data)
    known = (ETHERNET, NULL, RAW, LOOP, SLL, IPV4, IPV6, SLL2) + RAW_OLD
    if frame.link not in known or len(data) < 20 or data[0] >> 4 not in (4, 6):
        return b""
    if data[0] >> 4 == 6:
        return data[:40 + struct.unpack(">H", data[4:6])[0]] if len(data) >= 40 else b""
    return data[:struct.unpack(">H", data[2:4])[0]]


# --- Packets ---------------------------------------------------------------------------------

class Packet:
    """What has to be known of an IP packet to send it again."""

    def __init__(self, data, frame):
        self.data, self.at, self.whole = bytearray(data), frame.at, frame.whole
        self.version = data[0] >> 4
        self.ports = (0, 0)
        if self.version == 4:
            self.head, self.proto = (data[0] & 15) * 4, data[9]
            self.piece = struct.unpack(">H", data[6:8])[0] & 0x3fff
            self.addrs, length = (12, 16, 20), struct.unpack(">H", data[2:4])[0]
        else:
            self.head, self.proto, self.piece = extensions(data)
            self.addrs, length = (8, 24, 40), 40 + struct.unpack(">H", data[4:6])[0]
        self.src, self.dst = (bytes(data[a:b]) for a, b in zip(self.addrs, self.addrs[1:]))
        self.whole = self.whole and self.head >= 20 and len(data) == length
        if self.whole and not self.piece and len(data) >= self.head + 4:
            self.ports = struct.unpack(">HH", data[self.head:self.head + 4])

    def key(self):
        return self.proto, frozenset(((self.src, self.ports[0]), (self.dst, self.ports[1])))

    def sum_at(self):
        """Where TCP's or UDP's checksum is; None if there is none."""
        at = self.head + {TCP: 16, UDP: 6}[self.proto]
        if self.piece or not self.whole or len(self.data) < at + 2 or \
           (self.proto == UDP and self.data[at:at + 2] == b"\0\0"):
            return None
        return at

    def right_sum(self):
        at = self.sum_at()
        body = bytes(self.data[self.head:at]) + b"\0\0" + bytes(self.data[at + 2:])
        pseudo = self.src + self.dst + struct.pack(">II", len(body), self.proto)
        return ~total(pseudo + body) & 0xffff or 0xffff

    def replace(self, at, new, sums):
        """New bytes at an even place; checksums are as right, or as wrong, as they were."""
        old = bytes(self.data[at:at + len(new)])
        self.data[at:at + len(new)] = new
        for where in sums:
            if where is None:
                continue
            was = struct.unpack(">H", self.data[where:where + 2])[0]
            now = total(struct.pack(">H", ~was & 0xffff) + new +
                        bytes(~b & 0xff for b in old))
            struct.pack_into(">H", self.data, where, ~now & 0xffff)


def extensions(data):
    """Where the transport's header is, its protocol, whether the packet is a fragment."""
    kind, at = data[6], 40
    while kind in (0, 43, 44, 60) and len(data) >= at + 8:
        if kind == 44:
            return at + 8, data[at], 1
        kind, at = data[at], at + 8 * (data[at + 1] + 1)
    return at, kind, 0


def total(data):
    if len(data) % 2:
        data += b"\0"
    n = sum(struct.unpack(f">{len(data) // 2}H", data))
    while n >> 16:
        n = (n & 0xffff) + (n >> 16)
    return n


def local(raw):
    """Would a firewall not forward to or from this one host?"""
    a = ipaddress.ip_address(raw)
    return a.is_loopback or a.is_link_local or (a.version == 6 and a.ipv4_mapped is not None) or \
        any(a in n for n in OURS if n.version == a.version)


def group(raw):
    a = ipaddress.ip_address(raw)
    return a.is_multicast or a.is_unspecified or (a.version == 4 and raw[0] in (0, *range(240, 256)))


class Addresses:
    """Those that cannot be forwarded have others instead; and a host that talks to itself two."""

    def __init__(self):
        self.given, self.first = {}, {}

    def new(self, raw, side):
        n = self.given.setdefault((raw, side), len(self.given) + 1)
        net = b"\xc6\x12\0\0" if len(raw) == 4 else b"\x20\x01\x0d\xb8" + bytes(12)
        return (int.from_bytes(net, "big") + n).to_bytes(len(raw), "big")

    def map(self, p):
        alone = p.src == p.dst
        if not alone and not local(p.src) and not local(p.dst):
            return
        opener = self.first.setdefault((p.proto, p.src, frozenset(p.ports)), p.ports[0])
        sums = [10 if p.version == 4 else None, p.sum_at()]
        for i, raw in enumerate((p.src, p.dst)):
            if alone or local(raw):
                side = (p.ports[i] == opener) if alone else None
                p.replace(p.addrs[i], self.new(raw, side), sums)
        p.src, p.dst = (bytes(p.data[a:b]) for a, b in zip(p.addrs, p.addrs[1:]))


def reckon(packets):
    """Checksums that a sender left to its network card, or that went wrong with other addresses."""
    sums = collections.defaultdict(list)
    for p in packets:
        if p.version == 4 and p.whole:
            head = bytes(p.data[:10]) + b"\0\0" + bytes(p.data[12:p.head])
            sums[p.src, 0].append((p, 10, ~total(head) & 0xffff))
        at = p.sum_at()
        if at is not None:
            sums[p.src, p.proto].append((p, at, p.right_sum()))
    for of_host in sums.values():
        wrong = [(p, at, right) for p, at, right in of_host
                 if struct.unpack(">H", p.data[at:at + 2])[0] != right]
        if len(wrong) * 2 >= len(of_host):
            for p, at, right in wrong:
                struct.pack_into(">H", p.data, at, right)


def sendable(path):
    """Packets of a capture, and how many flows were left out for one that was cut short."""
    packets, cut = [], set()
    for frame in frames(path):
        data = ip_of(frame)
        if not data:
            continue
        p = Packet(data, frame)
        if p.proto not in (TCP, UDP) or group(p.src) or group(p.dst):
            continue
        if not p.whole:
            cut.add(frozenset((p.src, p.dst)))
        packets.append(p)
    packets = [p for p in packets if frozenset((p.src, p.dst)) not in cut]
    reckon(packets)
    addresses = Addresses()
    for p in packets:
        addresses.map(p)
        if p.version == 4:
            p.replace(8, bytes((HOPS, p.data[9])), [10])
        else:
            p.data[7] = HOPS
    return packets, len(cut)


def write(path, packets):
    kinds = {4: b"\x08\0", 6: b"\x86\xdd"}
    with open(path, "wb") as f:
        f.write(HEADER)
        for p in packets:
            data = MACS + kinds[p.version] + bytes(p.data)
            f.write(struct.pack("<IIII", *(n & 0xffffffff for n in p.at), len(data), len(data)))
            f.write(data)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    files = flows = none = cuts = 0
    for folder, _, names in sorted(os.walk(sys.argv[1])):
        for name in sorted(names) if folder != sys.argv[1] else ():
            packets, cut = sendable(os.path.join(folder, name))
            cuts += cut
            if not packets:
                none += 1
                continue
            files += 1
            flows += len({p.key() for p in packets})
            write(os.path.join(sys.argv[2], name + ".pcap"), packets)
    print(f"# {files} captures with {flows} flows are sent; {none} have no packet to send, "
          f"between {cuts} pairs of hosts frames were cut short")


if __name__ == "__main__":
    main()
