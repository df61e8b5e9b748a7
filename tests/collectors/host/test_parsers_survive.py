"""Every parser against input that is cut off at every byte, or is no such file at all."""

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.host.parts import Parts
from collectors.host.procfs.shape import Malformed
from collectors.host.settings import HostSettings
from collectors.host.sources import SOURCES
from netmon.api import Missing, PeerError
from tests.support.host_memory import FACTS, MemoryFiles, Series, read_part, series
from tests.support.host_tree import read_tree

SYSTEMD = (
    b"Id=a.service\nType=simple\nNRestarts=2\nLoadState=loaded\nActiveState=active\n\n"
    b"Id=b.socket\nLoadState=loaded\nActiveState=failed\nNAccepted=5\nNConnections=1\nNRefused=0\n"
)
TREES = {name: read_tree(name) | {"@systemd": SYSTEMD} for name in ("vm", "server", "kernel_3_10")}
FROM_FILES = sorted(SOURCES.keys() - {"top", "textfile"})
# These add up lines or read how far a line goes: fewer lines are another, valid file.
SUMS = frozenset(("arp", "udp_queues", "tcpstat", "conntrack", "processes", "mdadm", "systemd"))


def read_or_nothing(part: str, files: Mapping[str, bytes]) -> Series | None:
    """Read a part; None when it says why it cannot. Anything else that is raised is a bug and fails the test."""
    try:
        return series(read_part(part, files))
    except (Malformed, PeerError):
        return None


def used_by(part: str, files: Mapping[str, bytes]) -> dict[str, bytes]:
    source = SOURCES[part]
    return MemoryFiles(files).read((*source.required, *source.paths), 1 << 20)


@pytest.mark.parametrize("tree", TREES)
def test_the_recorded_files_are_read(tree: str) -> None:
    read = {part for part in FROM_FILES if read_or_nothing(part, TREES[tree])}
    assert len(read) > {"vm": 25, "server": 18, "kernel_3_10": 12}[tree]


@pytest.mark.parametrize("tree", TREES)
@pytest.mark.parametrize("part", FROM_FILES)
def test_truncated_at_every_byte(part: str, tree: str) -> None:
    whole = used_by(part, TREES[tree])
    full = read_or_nothing(part, whole) or {}
    for path, text in whole.items():
        for length in range(len(text)):
            found = read_or_nothing(part, whole | {path: text[:length]})
            if found is None or part in SUMS or not path.startswith("proc/") or path.startswith("proc/sys/"):
                continue
            told = {key: value for key, value in found.items() if not isinstance(value, Missing)}
            assert {key: full.get(key) for key in told} == told, f"/{path} cut at {length} gave another number"


@pytest.mark.parametrize("part", FROM_FILES)
def test_trailing_bytes(part: str) -> None:
    whole = used_by(part, TREES["vm"]) or used_by(part, TREES["server"])
    for path, text in whole.items():
        for tail in (b"\x00", b"\n\n", b"garbage 1 2 3\n", b"\xff\xfe", b"-1\n", b"9" * 5000 + b"\n"):
            read_or_nothing(part, whole | {path: text + tail})


@pytest.mark.parametrize("part", FROM_FILES)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_other_bytes_than_a_kernel_writes(part: str, data: st.DataObject) -> None:
    whole = used_by(part, TREES["server"]) or used_by(part, TREES["vm"]) or dict(FACTS)
    path = data.draw(st.sampled_from(sorted(whole)))
    words = st.sampled_from(
        [b"0", b"-1", b"18446744073709551616", b"1e999", b"nan", b":", b"[", b"(", b"=", b"\n", b" "]
    )
    line = st.lists(st.one_of(words, st.binary(max_size=6), st.sampled_from(whole[path].split() or [b""])), max_size=30)
    noise = data.draw(st.one_of(st.binary(max_size=300), line.map(b" ".join)))
    place = data.draw(st.integers(0, len(whole[path])))
    read_or_nothing(part, whole | {path: whole[path][:place] + noise + data.draw(st.sampled_from([b"", b"\n"]))})


def test_the_parts_here_are_all_there_are() -> None:
    assert sorted(Parts(HostSettings(), None).by_name) == sorted(SOURCES)  # type: ignore[arg-type]  # nothing is read
