"""Copies of /proc and /sys, one text file each: `=== path` before a file's contents, `=== path -> target` a link.

Lines of `=== # …` are remarks: where the contents came from.
"""

from pathlib import Path

DATA = Path(__file__).parent.parent / "data" / "host"


def read_tree(name: str) -> dict[str, bytes]:
    """Return the files of a tree by path below the root; a link is the path it names, under the path with `@`."""
    files: dict[str, bytes] = {}
    for block in (DATA / f"{name}.txt").read_text().split("=== ")[1:]:
        head, _, contents = block.partition("\n")
        path, arrow, target = head.partition(" -> ")
        if arrow:
            files[f"{path}@"] = target.encode()
        elif not head.startswith("#"):
            files[head] = contents.encode()
    return files


def write_tree(name: str, root: Path) -> Path:
    """Lay a tree out below `root`, whose links lead where they say below it."""
    for path, contents in read_tree(name).items():
        place = root / path.removesuffix("@")
        place.parent.mkdir(parents=True, exist_ok=True)
        if path.endswith("@"):
            (root / contents.decode()).mkdir(parents=True, exist_ok=True)
            place.symlink_to(root / contents.decode())
        else:
            place.write_bytes(contents)
    return root
