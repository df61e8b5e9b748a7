"""What a ledger notes of itself beyond its checkpoints: `committed`, and the hashes beside its segments.

Nobody signs that, so it proves nothing where it fits. Where it does not, something was cut off or changed. Whoever asks
does so before reading lines, since a daemon may be writing: lines are always ahead of these.
"""

from pathlib import Path

from netmon.core.ledger import committed
from netmon.core.ledger.hashes import HASH_BYTES, path_of, side_files
from netmon.core.ledger.note import TreeHead
from netmon.core.ledger.seals import Seal
from netmon.core.ledger.segments import FOLDER


def written(directory: Path, origin: str) -> list[Seal]:
    """Return it in the form of checkpoints, the smaller one first; the root is empty where only the size is known."""
    found = []
    try:
        said = committed.load(directory)
    except (OSError, ValueError):
        said = None
    if said is not None and said.origin == origin:
        head = TreeHead(origin, said.tree.size, said.tree.root())
        found.append(Seal(head, committed.NAME, 0, outside=False, signed=False))
    for first in side_files(directory)[-1:]:
        path = path_of(directory, first)
        head = TreeHead(origin, first + path.stat().st_size // HASH_BYTES - 1, b"")
        found.append(Seal(head, f"{FOLDER}/{path.name}", 0, outside=False, signed=False))
    return sorted(found, key=lambda seal: seal.head.size)
