#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""accuracy.py LABELS PREDICTIONS FLOORS - rows of imctl classify against the labels of captures.

LABELS is a table with the columns file, flow (l4|address|port|address|port), label, accept,
confidence, kind and note. FLOORS says what recall and precision each protocol must have; one that
it does not name is only reported. A flow labelled none must never be given a protocol, but where
the label itself says that nobody looked inside: "no-evidence" for a flow that is a proxy's; or,
for one that another flow offered, that there is nothing in its own bytes. Those are listed. TAP.
"""
import collections
import csv
import ipaddress
import os
import sys


def flow_key(name, l4, a, aport, b, bport):
    ends = sorted((ipaddress.ip_address(x), int(y)) for x, y in ((a, aport), (b, bport)))
    return (os.path.basename(name), l4, *ends)


def table(path):
    with open(path, encoding="utf-8", errors="replace", newline="") as f:
        yield from csv.DictReader(f, delimiter="\t", quoting=csv.QUOTE_NONE)


def predictions(path):
    """What was said of each flow, and which of them were known by another flow's offer."""
    found, offered = {}, set()
    for r in table(path):
        key = flow_key(r["file"], r["l4"], r["client"], r["cport"], r["server"], r["sport"])
        # The labels are of messengers only.
        if r["category"] == "p2p":
            r["proto"] = "-"
        # A connection on the same ports has a row of its own: a claim outweighs none.
        if r["proto"] != "-" or key not in found:
            found[key] = r["proto"]
        if r["signature"] == "offered":
            offered.add(key)
    return found, offered


def judged(r):
    """Whether the label says something about the flow: tools that know a proxy's protocol and stop
    there ("no-evidence", "proxy=") have seen no evidence of what is inside, for or against."""
    if r["label"] == "none" and r["how"].startswith("no-evidence") and "proxy=" in r["note"]:
        return False
    return r["label"] != "unknown" and r["confidence"] != "low" and r["kind"] != "crafted" and \
        "dup-flow" not in r["note"]


def gold(path):
    for r in table(path):
        if judged(r):
            yield flow_key(r["file"], *r["flow"].split("|")), r["label"], r["accept"].split(";"), \
                r["how"].startswith("no-evidence")


def score(labels, predicted, offered):
    """Counts of each protocol: flows labelled so, of them found, claimed, claimed rightly."""
    n = collections.defaultdict(lambda: dict(support=0, found=0, claimed=0, right=0))
    wrong = []
    for key, label, accept, blind in gold(labels):
        said = predicted.get(key, "-")
        if label == "none" and blind and key in offered:
            print(f"# {key[0]} {' '.join(str(e) for e in key[1:])}: {said}, offered")
            continue
        if said == "-" and "none" in accept:
            continue    # either will do
        right = said == label or said in accept
        if label != "none":
            n[label]["support"] += 1
            n[label]["found"] += right
        if said != "-":
            n[said]["claimed"] += 1
            n[said]["right"] += right
            if label == "none" and not right:
                wrong.append(f"{key[0]} {' '.join(str(e) for e in key[1:])}: {said}")
    return n, wrong


def ratio(part, whole):
    return part / whole if whole else None


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    n, wrong = score(sys.argv[1], *predictions(sys.argv[2]))
    failed = no = 0

    def result(name, ok):
        nonlocal failed, no
        no += 1
        failed += not ok
        print(f"{'ok' if ok else 'not ok'} {no} - {name}")

    result("no flow without a messenger is given one", not wrong)
    for line in wrong[:20]:
        print(f"# {line}")
    for floor in table(sys.argv[3]):
        c = n[floor["proto"]]
        for what, value in (("recall", ratio(c["found"], c["support"])),
                            ("precision", ratio(c["right"], c["claimed"]))):
            ok = value is not None and value >= float(floor[what])
            result(f"{floor['proto']}: {what} {value if value is None else round(value, 4)}"
                   f" of {c['support']} flows, at least {floor[what]}", ok)
    others = sorted(p for p in n if n[p]["claimed"] and p not in
                    {f["proto"] for f in table(sys.argv[3])})
    for p in others:
        c = n[p]
        print(f"# {p}: recall {c['found']}/{c['support']} precision {c['right']}/{c['claimed']}")
    print(f"1..{no}")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
