from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from collectors.host.collector import HostCollector
from collectors.host.procfs.textfile import Written, parse_textfiles
from collectors.host.settings import HostSettings
from netmon.api import Kind, Missing, Reason, Target
from tests.support.host_memory import Series, series

GOOD = b"""# HELP backup_age_seconds Time since the last backup.
# TYPE backup_age_seconds gauge
backup_age_seconds{job="db",host="a b"} 3600.5
backup_age_seconds{job="files",host=""} NaN
# TYPE backups_total counter
backups_total 12
plain 1
# TYPE h histogram
h_bucket{le="1"} 2
h_bucket{le="+Inf"} 3
h_sum 4
h_count 3
"""


def read(**files: bytes | Missing) -> Series:
    found = {
        f"d/{name}.prom": text if isinstance(text, Missing) else Written(text, 100.5) for name, text in files.items()
    }
    return series(parse_textfiles(found, ("node_load1",), 1.0))


def test_series_keep_their_names_kinds_labels_and_help() -> None:
    tables = parse_textfiles({"d/a.prom": Written(GOOD, 100.5)}, (), 1.0)
    kinds = {family.name: (family.kind, family.help) for table in tables for family in table.families}
    assert kinds["backup_age_seconds"] == (Kind.GAUGE, "Time since the last backup.")
    assert kinds["backups_total"][0] is Kind.COUNTER
    assert kinds["h_bucket"][0] is kinds["plain"][0] is Kind.UNTYPED
    found = series(tables)
    assert found["backup_age_seconds", (("host", "a b"), ("job", "db"))] == 3600.5
    assert found["h_bucket", (("le", "+Inf"),)] == 3
    assert found["node_textfile_mtime_seconds", (("file", "/d/a.prom"),)] == 100.5
    assert found["node_textfile_scrape_error", ()] == 0


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"a 1 1600000000000\n", "/d/bad.prom: a has a timestamp; write values without one"),
        (b"node_load1 1\n", "/d/bad.prom: node_load1 is already told by netmon or another file; give it another name"),
        (b"netmon_x 1\n", "/d/bad.prom: netmon_x is already told by netmon or another file; give it another name"),
        (b"good 2\n", "/d/bad.prom: good is already told by netmon or another file; give it another name"),
        (b"a 1\na 2\n", "/d/bad.prom: tells a{} twice"),
    ],
)
def test_a_file_that_cannot_be_taken_costs_only_itself(text: bytes, reason: str) -> None:
    found = read(aa=b"good 1\n", bad=text)
    assert found["good", ()] == 1
    assert found["node_textfile_mtime_seconds", (("file", "/d/bad.prom"),)] == Missing(Reason.MALFORMED, reason)
    assert found["node_textfile_scrape_error", ()] == 1


@pytest.mark.parametrize("length", range(len(GOOD)))
def test_a_file_cut_off_anywhere_is_taken_or_refused(length: int) -> None:
    assert ("node_textfile_scrape_error", ()) in read(a=GOOD[:length])


@pytest.mark.parametrize(
    "text", [b"\xff\xfe 1\n", b'a{b="c 1\n', b"a{ 1\n", b"a 1x\n", b"{} 1\n", b"a{b=1} 2\n", b"# TYPE a\n"]
)
def test_what_is_no_such_file_is_refused_or_empty(text: bytes) -> None:
    assert ("node_textfile_scrape_error", ()) in read(a=text)


async def test_the_folder_of_the_settings_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.prom").write_bytes(GOOD)
    (tmp_path / "b.prom").write_text("node_load1 7\n")
    (tmp_path / "c.txt").write_text("ignored 1\n")
    collector = HostCollector(HostSettings(textfile_directory=tmp_path), registry=CollectorRegistry())
    reading = await collector.read(Target("here", "", "", "server"), ("loadavg", "textfile"), 10)
    part = next(part for part in reading.parts if part.name == "textfile")
    found = series(part.tables)
    assert found["backups_total", ()] == 12
    assert not any(name in ("node_load1", "ignored") for name, _ in found)
    assert part.problem is not None
    assert "node_load1 is already told" in part.problem.detail
    assert part.completeness < 1
