"""The Merkle tree over the ledger's records (RFC 9162, 2.1): roots, and proofs about them. Pure.

A tree that only grows needs no more than its `Frontier`: one hash for each perfect subtree. A proof needs the roots of
a few ranges of leaves (`inclusion_ranges`, `consistency_ranges`), and `range_roots` finds them all in one pass over
the leaves, however many there are, with a frontier's memory. Leaf hashes come from `record.leaf_hash`.
"""

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from typing import Final

EMPTY_ROOT: Final = sha256(b"").digest()  # RFC 9162, 2.1.1: the hash of an empty list


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node: SHA-256 of a one byte and its two children (RFC 9162, 2.1.1)."""
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """A tree of `size` leaves as the roots of its perfect subtrees, largest first: one for each set bit of the size."""

    __slots__ = ("_hashes", "_size")

    def __init__(self, hashes: Sequence[bytes] = (), size: int = 0) -> None:
        if size < 0 or len(hashes) != size.bit_count() or any(len(each) != 32 for each in hashes):
            raise ValueError(f"a tree of {size} leaves has not these {len(hashes)} subtrees")
        self._hashes = list(hashes)
        self._size = size

    @property
    def hashes(self) -> tuple[bytes, ...]:
        """The subtrees' roots, largest first."""
        return tuple(self._hashes)

    @property
    def size(self) -> int:
        """The number of leaves."""
        return self._size

    def push(self, leaf: bytes) -> None:
        """Append one leaf's hash."""
        self.extend((leaf,))

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Append leaves' hashes: each set bit that an increment clears is a subtree that joins the new one."""
        hashes, size, sha = self._hashes, self._size, sha256
        for leaf in leaves:
            node, bits = leaf, size
            while bits & 1:
                node = sha(b"\x01" + hashes.pop() + node).digest()
                bits >>= 1
            hashes.append(node)
            size += 1
        self._size = size

    def copy(self) -> "Frontier":
        """Return a tree of its own with the same leaves."""
        return Frontier(self._hashes, self._size)

    def root(self) -> bytes:
        """Return the root of the whole tree."""
        if not self._hashes:
            return EMPTY_ROOT
        root = self._hashes[-1]
        for left in self._hashes[-2::-1]:
            root = node_hash(left, root)
        return root


def inclusion_ranges(index: int, size: int) -> list[range]:
    """Return the ranges of leaves whose roots prove that leaf `index` is in a tree of `size` (PATH, RFC 9162, 2.1.3.1).

    In the proof's order; together they are every leaf but that one. IndexError when the tree has no such leaf.
    """
    if not 0 <= index < size:
        raise IndexError(f"there is no leaf {index} in a tree of {size}")
    found, start, end = [], 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            found.append(range(middle, end))
            end = middle
        else:
            found.append(range(start, middle))
            start = middle
    return found[::-1]


def consistency_ranges(old_size: int, size: int) -> list[range]:
    """Return the ranges whose roots prove that the tree of `size` begins with that of `old_size` (PROOF, 2.1.4.1).

    In the proof's order. IndexError unless 0 < old_size <= size.
    """
    if not 0 < old_size <= size:
        raise IndexError(f"a tree of {size} does not begin with one of {old_size}")
    found, start, end, whole = [], 0, size, True
    while old_size != end:
        middle = start + _split(end - start)
        if old_size <= middle:
            found.append(range(middle, end))
            end = middle
        else:
            found.append(range(start, middle))
            start, whole = middle, False
    if not whole:  # else the verifier has this root: it is the old tree's
        found.append(range(start, end))
    return found[::-1]


def range_roots(leaves: Iterable[bytes], ranges: Sequence[range], first: int = 0) -> list[bytes]:
    """Return each range's root, in one pass. `leaves` are those from index `first` on; ranges may not overlap.

    IndexError when the leaves end before the last range does.
    """
    roots: dict[range, bytes] = {}
    each, at = iter(leaves), first
    for wanted in sorted(ranges, key=lambda one: one.start):
        _skip(each, wanted.start - at)
        tree = Frontier()
        tree.extend(_take(each, len(wanted)))
        if tree.size != len(wanted):
            raise IndexError(f"the leaves end before {wanted.stop}")
        roots[wanted], at = tree.root(), wanted.stop
    return [roots[wanted] for wanted in ranges]


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Return the inclusion proof of leaf `index` in the tree over all of these."""
    return range_roots(leaves, inclusion_ranges(index, len(leaves)))


def consistency_proof(leaves: Sequence[bytes], old_size: int) -> list[bytes]:
    """Return the proof that the tree over all of these begins with that over the first `old_size`."""
    return range_roots(leaves, consistency_ranges(old_size, len(leaves)))


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Tell whether the proof shows this leaf at `index` in the tree of this size and root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    fn, sn, node = index, size - 1, leaf
    for sibling in proof:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            node = node_hash(sibling, node)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            node = node_hash(node, sibling)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and node == root


def verify_consistency(old_size: int, size: int, old_root: bytes, root: bytes, proof: Sequence[bytes]) -> bool:
    """Tell whether the proof shows that the tree of `size` begins with that of `old_size` (RFC 9162, 2.1.4.2)."""
    if not 0 < old_size <= size:
        return False
    if old_size == size:
        return not proof and old_root == root
    path = [old_root, *proof] if old_size & (old_size - 1) == 0 else list(proof)
    if not path:
        return False
    fn, sn = old_size - 1, size - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    old = new = path[0]
    for node in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            old, new = node_hash(node, old), node_hash(node, new)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            new = node_hash(new, node)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and old == old_root and new == root


def _split(size: int) -> int:
    """Return the largest power of two below `size` (RFC 9162, 2.1.1)."""
    return 1 << (size - 1).bit_length() - 1


def _skip(leaves: Iterator[bytes], count: int) -> None:
    for _ in zip(range(count), leaves, strict=False):
        pass


def _take(leaves: Iterator[bytes], count: int) -> Iterator[bytes]:
    return (leaf for _, leaf in zip(range(count), leaves, strict=False))
