"""Verify a netmon ledger without netmon: needs Python 3.9 or newer and the package `cryptography`, nothing else.

Builds the Merkle tree over the segments' lines (RFC 9162, 2.1.1) and holds its root against each signed checkpoint
(C2SP signed-note, tlog-checkpoint). Exit status: 0 good, 1 bad, 2 nothing could be judged.
"""

import argparse
import json
import re
from base64 import b64decode
from functools import reduce
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey as Key

NOTE = re.compile(rb'(?:^|")([^\n"]+\n\d+\n[\w+/]{43}=\n(?:[^\n]+\n)*\n(?:\xe2\x80\x94 \S+ \S+\n)+)', re.MULTILINE)
STUB = re.compile(rb'\{"seq":(0|[1-9]\d*),"purged":"([0-9a-f]{64})","by":(0|[1-9]\d*)\}')


def add(tree, leaf, height=0):
    """Append a leaf to a tree, which is the (height, root) of its perfect subtrees, largest first."""
    while tree and tree[-1][0] == height:
        leaf, height = sha256(b"\1" + tree.pop()[1] + leaf).digest(), height + 1
    tree.append((height, leaf))


def root_of(tree):
    root = tree[-1][1] if tree else sha256().digest()
    return reduce(lambda right, left: sha256(b"\1" + left[1] + right).digest(), tree[-2::-1], root)


def parsed(line):
    try:
        return dict(json.loads(line))
    except (ValueError, TypeError):
        return {}


class Verifier:
    def __init__(self, folder, keys):
        self.folder, self.keys, self.acts, self.records, self.stubs = folder, {}, {}, 0, 0
        self.sealed, self.faults, self.suspects = {False: 0, True: 0}, [], {}  # sealed: by own, by outside checkpoints
        for name, _, encoded in (key.strip().split("+", 2) for key in keys):
            public, self.origin = b64decode(encoded), name
            self.keys[name, sha256(name.encode() + b"\n" + public).digest()[:4]] = Key.from_public_bytes(public[1:])

    def fault(self, wrong, where, seq=None, last=None):
        self.faults.append((wrong, f"segments/{where:020d}.jsonl" if isinstance(where, int) else where, seq, last))

    def open(self, data, where, *, mine=False):
        """Return (size, root) of a signed checkpoint; else tell the fault."""
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
        wrong = "signature" if not mine else "other_ledger" if origin != self.origin else None
        return self.fault(wrong, where) if wrong else head

    def own(self):
        """Give (size, root, where, outside) of the ledger's own checkpoints."""
        latest, path, last, number = self.folder / "checkpoint", self.folder / "checkpoints.jsonl", 0, -1
        for place, line in enumerate(path.read_bytes().split(b"\n")[:-1] if path.exists() else [], start=1):
            where, data, expected = f"checkpoints.jsonl:{place}", parsed(line), number + 1
            note = str(data.get("note")).encode("utf-8", "replace")
            head, number = self.open(note, where), data.get("number", expected)
            if number != expected or (head and head[0] < last):
                self.fault("checkpoints_gone", where)
            if head and head[0] >= last:
                last = head[0]
                yield (*head, where, False)
        head = self.open(latest.read_bytes(), "checkpoint") if latest.exists() else None
        if head and head[0] > last:
            self.fault("latest_gone", "checkpoints.jsonl")
            yield (*head, "checkpoint", False)

    def outside(self, path):
        """Give the same of a file that a witness kept: lines as in checkpoints.jsonl, or notes as they are."""
        data = Path(path).read_bytes().replace(b"\r\n", b"\n").replace(rb"\n", b"\n")
        return [(*head, path, True) for each in NOTE.findall(data) or [b""] if (head := self.open(each, path))]

    def files(self, suffix):
        firsts = sorted(int(path.stem) for path in (self.folder / "segments").glob("[0-9]" * 20 + suffix))
        for first, after in zip(firsts, [*firsts[1:], None]):
            yield first, after, self.folder / f"segments/{first:020d}{suffix}"

    def hashes(self, start, header=0):
        """Give the records' hashes from `start` on: a side file has 32 bytes a line, the segment's header first."""
        for first, after, path in self.files(".hashes"):
            if first <= start and (after is None or start < after):
                with path.open("rb") as file:
                    file.seek(32 * (start - first + 1 - header))
                    while start != after and len(leaf := file.read(32)) == 32:
                        yield leaf
                        start += 1

    def lines(self):
        """Give (first record of the segment, is it the header, line) until the end, or a gap."""
        for first, after, path in self.files(".jsonl"):
            if first != self.records:
                seq, wrong = min(first, self.records), "gap" if first > self.records else "extra"
                return self.suspects.update(gap=(seq, (wrong, first, seq)))
            with path.open("rb") as file:
                while (line := file.readline(1 << 26)) and (line.endswith(b"\n") or after is not None):
                    yield first, file.tell() == len(line), line[:-1]

    def leaf(self, first, seq, line):
        """Return a line's hash, or the one that a stub holds, noted for the act that the stub names."""
        stub = STUB.fullmatch(line)
        if not stub or int(stub[1]) != seq:
            if not line.startswith(b'{"seq":%d,' % seq) or line.startswith(b'{"seq":%d,"purged":"' % seq):
                self.suspects.setdefault("form", (seq, ("form", first, seq)))
            return sha256(b"\0" + line).digest()
        taken = self.acts.setdefault(int(stub[3]), {}).setdefault(first, [seq, 0, sha256()])
        taken[1], self.stubs = taken[1] + 1, self.stubs + 1
        taken[2].update(seq.to_bytes(8, "big") + bytes.fromhex(stub[2].decode()))
        return bytes.fromhex(stub[2].decode())

    def judge(self, by, line):
        act = parsed(line).get("data", {}) if parsed(line).get("kind") == "ledger" else {}
        for first, (seq, count, digest) in self.acts.pop(by).items():
            named = (act.get("what"), act.get("segment")) == ("purged", first)
            if not named or (act.get("count"), act.get("digest")) != (count, digest.hexdigest()):
                self.suspects.setdefault(by, (by, ("act" if named else "no_act", first, seq)))

    def run(self, seals):
        """Go through the lines and hold the tree against each checkpoint, up to the first bad record."""
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
                if seq in self.acts:
                    self.judge(seq, line)
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

    def bad(self, seal, told, differs):
        """Name the first record that is not as the checkpoint seals it, or the range that it is in."""
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
        verifier = Verifier(options.ledger, options.key or (options.ledger / "ledger.pub").read_text().splitlines())
        outside = [seal for path in options.checkpoint for seal in verifier.outside(path)]
        verifier.run(sorted([*verifier.own(), *outside], key=lambda seal: seal[0]))
    except (OSError, ValueError) as error:
        parser.exit(2, f"nothing could be judged: {error}\n")
    for wrong, where, seq, last in sorted(verifier.faults, key=lambda fault: (fault[2] is None, fault[2] or 0)):
        print("BAD:", wrong, where, *(f"record {each}" for each in (seq, last) if each is not None))
    own, witnessed = verifier.sealed.values()
    print(f"{verifier.records} records, {verifier.stubs} purged; sealed: {own} by the ledger, {witnessed} by witnesses")
    raise SystemExit(1 if verifier.faults else 0 if own or witnessed or not verifier.records else 2)
