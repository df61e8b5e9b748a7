"""Whether a ledger goes on from the checkpoint that was signed last: a log may never sign two histories."""

from itertools import islice
from pathlib import Path

from netmon.core.ledger.hashes import SideFiles
from netmon.core.ledger.merkle import Frontier
from netmon.core.ledger.note import TreeHead
from netmon.core.ledger.segments import read, segments
from netmon.core.ledger.side_writer import leaf_of


def goes_on(directory: Path, last: TreeHead, size: int, root: bytes) -> bool | None:
    """Tell whether the tree of `size` and `root` begins with `last`; None when lines that would tell are unreadable.

    Reads the segment where `last` ends, and what is after it.
    """
    if size <= last.size:
        return size == last.size and root == last.root
    tree = _tree_at(directory, last)
    if tree is None:
        return None
    for seq, line in islice(read(directory, last.size), size - last.size):
        if seq != tree.size:
            return None
        tree.push(leaf_of(line))
    return tree.root() == root if tree.size == size else None


def _tree_at(directory: Path, last: TreeHead) -> Frontier | None:
    """Return the tree that was signed, from the lines, else from their hashes; None when neither gives its root."""
    found = [segment for segment in segments(directory) if segment.first_seq <= last.size]
    try:
        header = found[-1].header()
        start = Frontier(header.frontier, header.first_seq)
    except (IndexError, ValueError):
        return None
    lines = islice(read(directory, start.size), last.size - start.size)
    side = SideFiles(directory)
    try:
        for leaves in ((leaf_of(line) for _, line in lines), side.each(start.size, last.size)):
            tree = start.copy()
            tree.extend(leaves)
            if (tree.size, tree.root()) == (last.size, last.root):
                return tree
    finally:
        side.close()
    return None
