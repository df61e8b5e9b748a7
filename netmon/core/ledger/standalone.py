"""Verify a netmon ledger without netmon: needs Python 3.9 or newer and the package `cryptography`, nothing else.

Builds the Merkle tree over the segments' lines (RFC 9162, 2.1.1) and holds its root against each signed checkpoint
(C2SP signed-note, tlog-checkpoint). Exit status: 0 good, 1 bad, 2 nothing could be judged.
"""

import argparse
import json
import re
from base64 import b64decode
from datetime import date
from functools import reduce
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey as Key

NOTE = re.compile(rb'(?:^|")([^\n"]+\n\d+\n[\w+/]{43}=\n(?:[^\n]+\n)*\n(?:\xe2\x80\x94 \S+ \S+\n)+)', re.MULTILINE)
STUB = re.compile(rb'\{"seq":(0|[1-9]\d*),"purged":"([0-9a-f]{64})","by":(0|[1-9]\d*)\}')


def add(tree, leaf, height=0):
    while tree and tree[-1][0] == height:  # a tree is the (height, root) of its perfect subtrees, largest first
        leaf, height = sha256(b"\1" + tree.pop()[1] + leaf).digest(), height + 1
    tree.append((height, leaf))


def root_of(tree):
    root = tree[-1][1] if tree else sha256().digest()
    return reduce(lambda right, left: sha256(b"\1" + left[1] + right).digest(), tree[-2::-1], root)


def parsed(line, convert=lambda line: dict(json.loads(line)), otherwise=None):
    try:
        return convert(line)
    except (ValueError, TypeError):
        return {} if otherwise is None else otherwise


def day(text, otherwise=9**9):
    return parsed(str(text)[:10], lambda text: date.fromisoformat(text).toordinal(), otherwise)


class Verifier:
    def __init__(self, folder, keys):
        self.folder, self.keys, self.acts, self.ended, self.records, self.stubs, self.age = folder, {}, {}, {}, 0, 0, 0
        self.sealed, self.faults, self.suspects, self.newest = {False: 0, True: 0}, [], {}, (None, 9**9)  # own, outside
        for name, _, encoded in (key.strip().split("+", 2) for key in keys):
            public, self.origin = b64decode(encoded), name
            self.keys[name, sha256(name.encode() + b"\n" + public).digest()[:4]] = Key.from_public_bytes(public[1:])

    def fault(self, wrong, where, seq=None, last=None):
        self.faults.append((wrong, f"segments/{where:020d}.jsonl" if isinstance(where, int) else where, seq, last))

    def open(self, data, where, *, mine=False):  # (size, root) of a signed checkpoint; else tell the fault
        try:
            text, lines = data.decode().removesuffix("\n").rsplit("\n\n", 1)
            origin, size, root = text.split("\n")[:3]
            head = int(size), b64decode(root, validate=True)
            for name, encoded in (line.removeprefix("\u2014 ").split(" ") for line in lines.split("\n")):
                signature = b64decode(encoded, validate=True)
                if (name, signature[:4]) in self.keys:
                    self.keys[name, signature[:4]].verify(signature[4:], text.encode() + b"\n")
                    mine = True
        except (ValueError, InvalidSignature) as error:
            return self.fault("note" if isinstance(error, ValueError) else "signature", where)
        return head if mine and origin == self.origin else self.fault("other_ledger" if mine else "signature", where)

    def own(self):  # (size, root, where, outside) of the ledger's own checkpoints
        latest, path, last, number = self.folder / "checkpoint", self.folder / "checkpoints.jsonl", 0, -1
        for place, line in enumerate(path.read_bytes().split(b"\n")[:-1] if path.exists() else [], start=1):
            where, data, after = f"checkpoints.jsonl:{place}", parsed(line), number + 1
            head, number = self.open(str(data.get("note")).encode("utf-8", "replace"), where), data.get("number", after)
            if number != after or (head and head[0] < last):
                self.fault("checkpoints_gone", where)
            if head and head[0] >= last:
                last = head[0]
                yield (*head, where, False)
        head = self.open(latest.read_bytes(), "checkpoint") if latest.exists() else None
        if head and head[0] > last:
            self.fault("latest_gone", "checkpoints.jsonl")
            yield (*head, "checkpoint", False)

    def outside(self, path):  # the same of a file that a witness kept: lines as in checkpoints.jsonl, or notes
        data = Path(path).read_bytes().replace(b"\r\n", b"\n").replace(rb"\n", b"\n")
        return [(*head, path, True) for each in NOTE.findall(data) or [b""] if (head := self.open(each, path))]

    def files(self, suffix):
        firsts = sorted(int(path.stem) for path in (self.folder / "segments").glob("[0-9]" * 20 + suffix))
        for first, after in zip(firsts, [*firsts[1:], None]):
            yield first, after, self.folder / f"segments/{first:020d}{suffix}"

    def hashes(self, start, header=0):  # a side file has 32 bytes a line, the segment's header first
        for first, after, path in self.files(".hashes"):
            if first <= start and (after is None or start < after):
                data = path.read_bytes()[: None if after is None else 32 * (after - first + 1)]
                for place in range(32 * (start - first + 1 - header), len(data) - 31, 32):
                    yield data[place : place + 32]
                    start += 1

    def lines(self):  # (first record of the segment, is it the header, line) until the end, or a gap
        for first, after, path in self.files(".jsonl"):
            if first != self.records:
                seq, wrong = min(first, self.records), "gap" if first > self.records else "extra"
                return self.suspects.update(gap=(seq, (wrong, first, seq)))
            with path.open("rb") as file:
                while (line := file.readline(1 << 26)) and (line.endswith(b"\n") or after is not None):
                    yield first, file.tell() == len(line), line[:-1] if line.endswith(b"\n") else line + b"\n"

    def leaf(self, first, seq, line):  # its hash, or the one that a stub holds, noted for the act that the stub names
        stub = STUB.fullmatch(line)
        if not stub or int(stub[1]) != seq:
            head = b'{"seq":%d,' % seq
            if not line.startswith(head) or line.startswith(b'"purged":"', len(head)) or b"\n" in line:
                self.suspects.setdefault("form", (seq, ("form", first, seq)))
            return sha256(b"\0" + line).digest()
        taken = self.acts.setdefault(int(stub[3]), {}).setdefault(first, [seq, 0, sha256()])
        taken[1], self.stubs = taken[1] + 1, self.stubs + 1
        taken[2].update(seq.to_bytes(8, "big") + bytes.fromhex(stub[2].decode()))
        return bytes.fromhex(stub[2].decode())

    def judge(self, seq, first, said):  # note when a segment began; hold an act of purging against what it took
        act, now, before = said.get("data", {}), day(said.get("recorded")), day(said.get("data", {}).get("before"))
        age = self.age + min(max(now - self.newest[1], 0), 2)  # a clock that jumps ahead passes two days at most
        if seq == first:
            self.ended[self.newest[0]], self.newest, self.age = (max(self.newest[1], now), age), (seq, now), age
        found = [act.get(key) for key in ("what", "segment", "count", "digest")]
        for segment, (place, count, digest) in self.acts.pop(seq, {}).items():
            ended, then = self.ended.get(segment, (9**9, 0))
            late = ended > before or not before + 27 <= now < 9**9 or age - then < 14  # days: a month, half of it lived
            wrong = "act" if found[2:] != [count, digest.hexdigest()] else "early" if late else None
            if wrong := wrong if found[:2] == ["purged", segment] else "no_act":
                self.suspects.setdefault(seq, (seq, (wrong, segment, place)))

    def run(self, seals):  # through the lines, up to the first bad record
        tree, told, differs = [], [], None  # told: the tree by the side files' hashes
        for first, is_header, line in self.lines():
            seq, leaf = self.records, sha256(b"\0" + line).digest()
            if is_header:
                said = {"netmon_ledger": 1, "origin": self.origin, "first_seq": first}
                said["frontier"], side = [root.hex() for _, root in tree], self.hashes(first)
                if not parsed(line).items() >= said.items() or next(self.hashes(first, 1), leaf) != leaf:
                    self.suspects.setdefault("header", (first, ("header", first, first)))
            else:
                hashed = next(side, leaf := self.leaf(first, seq, line))
                if hashed != leaf and not differs:
                    found = re.match(rb'\{"seq":(\d+),', line)
                    differs = ("moved" if found and int(found[1]) != seq else "changed", first, seq)
                add(tree, leaf)
                add(told, hashed)
                self.records += 1
                if seq == first or seq in self.acts:
                    self.judge(seq, first, parsed(line) if parsed(line).get("kind") == "ledger" else {})
            while seals and seals[0][0] == self.records:
                if seals[0][1] != root_of(tree):
                    return self.bad(seals[0], told, differs)
                self.sealed[seals.pop(0)[3]] = self.records
                for key in [key for key, each in self.suspects.items() if each[0] < self.records]:
                    self.fault(*self.suspects.pop(key)[1])
                if self.sealed[True] == self.records or not any(seal[3] for seal in seals):
                    told, differs = list(tree), None  # the lines are those that were sealed: the hashes are wrong
        if seals:
            gone = self.suspects.get("gap", (0, ("missing", seals[0][2], self.records)))[1]
            for _, leaf in zip(range(self.records, seals[0][0]), self.hashes(self.records)):
                add(told, leaf)
            return self.bad(seals[0], told, differs or gone)
        keys = [key for key in self.suspects if not (differs and isinstance(key, int))]
        for fault in [*(self.suspects[key][1] for key in keys), *([("unsealed", *differs[1:])] if differs else [])]:
            self.fault(*fault)
        for first, (seq, *_) in [each for taken in self.acts.values() for each in taken.items()]:
            self.fault("no_act", first, seq)

    def bad(self, seal, told, differs):  # name the first record that is not as it was sealed, or the range it is in
        size, root, where, outside = seal
        since = self.sealed[True] if outside else max(self.sealed.values())
        seen = [each for key, (seq, each) in self.suspects.items() if key in ("form", "gap") and seq < size]
        seen += [("missing", where, self.records)] if self.records < size else []
        unsure = ("rewritten" if outside and self.sealed[False] > since else "range", where, since, size - 1)
        self.fault(*(differs if root_of(told) == root else min(seen, key=lambda each: each[2], default=unsure)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ledger", type=Path)
    parser.add_argument("--key", action="append", help="the ledger's public key, as it was handed to you")
    parser.add_argument("--checkpoint", action="append", default=[], help="a file that a witness kept")
    options = parser.parse_args()
    try:
        check = Verifier(options.ledger, options.key or (options.ledger / "ledger.pub").read_text().splitlines())
        outside = [seal for path in options.checkpoint for seal in check.outside(path)]
        check.run(sorted([*check.own(), *outside], key=lambda seal: seal[0]))
    except (OSError, ValueError) as error:
        parser.exit(2, f"nothing could be judged: {error}\n")
    for wrong, where, seq, last in sorted(check.faults, key=lambda fault: (fault[2] is None, fault[2] or 0)):
        print("BAD:", wrong, where, *(f"record {each}" for each in (seq, last) if each is not None))
    own, witnessed = check.sealed.values()
    print(f"{check.records} records, {check.stubs} purged; sealed: {own} by the ledger, {witnessed} by witnesses")
    raise SystemExit(1 if check.faults else 0 if own or witnessed or not check.records else 2)
