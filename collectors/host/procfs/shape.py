"""What the parsers share: the files handed in, the error they raise, and how numbers become tables."""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from types import TracebackType
from typing import TypeAlias, cast

from netmon.api import Column, Family, Kind, Missing, Reason, Table, Value

Files: TypeAlias = Mapping[str, bytes]
"""What was read: path below the root, without its leading slash → contents. Names that begin with `@` are facts that no
file holds (`@time`, `@timex`, `@systemd`), as bytes that a remote shell could print as well; see `facts.py`."""

Rows: TypeAlias = Sequence[tuple[str, ...]]

COUNTER, GAUGE, UNTYPED = Kind.COUNTER, Kind.GAUGE, Kind.UNTYPED
ABSENT = Missing(Reason.NOT_SUPPORTED)
"""One object for the most common gap: an attribute that this device or kernel does not have."""


class Malformed(Exception):
    """A file does not read as its documentation says. The text names the file and what was wrong."""

    def __init__(self, path: str, what: str) -> None:
        super().__init__(f"/{path}: {what}")
        self.path = path


class parsing:  # noqa: N801 - reads as a clause: `with parsing(path):`
    """Within it, a word that is no number, or one that is not there, is the file's fault."""

    __slots__ = ("path",)

    def __init__(self, path: str) -> None:
        self.path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if kind is not None and issubclass(kind, ValueError | IndexError):
            raise Malformed(self.path, _plain(error)) from error


def _plain(error: BaseException | None) -> str:
    """Say in the operator's words what Python's conversions and unpackings complain of."""
    text = str(error)
    if text.startswith(("invalid literal", "could not convert")):
        return f"{text.rpartition(': ')[2]} is not a number"
    if isinstance(error, IndexError) or "unpack" in text or text.startswith("zip()"):
        return "a line has not as many fields as it should"
    return text


def lines(files: Files, path: str) -> list[bytes]:
    """Return the lines of a file of /proc. The kernel ends every line, so a last one without an end was cut off."""
    text = files[path]
    if text and not text.endswith(b"\n"):
        raise Malformed(path, "ends in the middle of a line")
    return text.splitlines()


def text_of(files: Files, path: str) -> str:
    """Return an attribute as text, without the white space around it; empty when the file is absent."""
    return files.get(path, b"").strip().decode("utf-8", "replace")


def integer(files: Files, path: str, base: int = 10) -> int | Missing:
    """Return an attribute of /sys as a number, or why there is none. Base 0 takes what `0x` announces as hex."""
    text = files.get(path)
    if text is None:
        return ABSENT
    try:
        return int(text, base)
    except ValueError:
        return Missing(Reason.MALFORMED, f"/{path}: {text[:40]!r} is not a number")


def scaled(value: Value | Missing, *, times: int = 1, per: int = 1) -> Value | Missing:
    """Return a reading in another unit. Dividing by 1000 is exact where multiplying by 0.001 is not."""
    if isinstance(value, Missing):
        return value
    return value * times / per if per != 1 else value * times


def folders(files: Files, prefix: str) -> list[str]:
    """Return the names directly below `prefix` (which ends in a slash) that hold a file, in the order of `natural`."""
    start = len(prefix)
    return sorted({path[start:].split("/", 1)[0] for path in files if path.startswith(prefix)}, key=natural)


@lru_cache(maxsize=4096)
def natural(name: str) -> tuple[str, int, str]:
    """Return a sort key that puts cpu2 before cpu10."""
    head = name.rstrip("0123456789")
    tail = name[len(head) :]
    return head, int(tail) if tail else -1, name


@lru_cache(maxsize=4096)  # a kernel has some hundreds of names; a text that makes up more only costs speed
def family(name: str, kind: Kind, text: str, source: str) -> Family:
    """Return the family of this name, the same object every time."""
    return Family(name, kind, text, source)


def packed(values: Sequence[Value | Missing]) -> Column:
    """Return a column as the API asks for it: an array where every value is there and fits, else a tuple."""
    kinds = {type(value) for value in values}
    try:
        if kinds == {int}:
            return array("q", cast("Sequence[int]", values))
        if kinds == {float}:
            return array("d", cast("Sequence[float]", values))
    except OverflowError:  # beyond 63 bits
        pass
    return tuple(values)


def scalars(at: float, families: tuple[Family, ...], values: Sequence[Value | Missing]) -> Table:
    """Return a table of one row without labels: one value for each family. Raises Malformed when one is there twice."""
    if len({of.name for of in families}) < len(families):
        raise Malformed(families[0].source.removeprefix("/"), "tells one thing twice")
    return Table(families, (), ((),), ("",), tuple((value,) for value in values), at)


def table(
    at: float,
    families: tuple[Family, ...],
    label_names: tuple[str, ...],
    rows: Rows,
    columns: Sequence[Sequence[Value | Missing]],
) -> Table:
    """Return a table whose rows are known at their source by their first label. Raises Malformed for one told twice."""
    if len(set(rows)) < len(rows):
        raise Malformed(families[0].source.removeprefix("/"), "tells one thing twice")
    keys = tuple([row[0] for row in rows])
    return Table(families, label_names, tuple(rows), keys, tuple([packed(column) for column in columns]), at)


def info(at: float, name: str, text: str, source: str, labels: Mapping[str, str]) -> Table:
    """Return one series whose labels say everything and whose value is 1."""
    return Table((family(name, GAUGE, text, source),), tuple(labels), (tuple(labels.values()),), ("",), ((1,),), at)


def per_row(readings: Sequence[Sequence[Value | Missing]], width: int) -> Iterator[Sequence[Value | Missing]]:
    """Turn rows of readings into columns; without rows there are still `width` of them."""
    return zip(*readings, strict=True) if readings else iter([()] * width)
