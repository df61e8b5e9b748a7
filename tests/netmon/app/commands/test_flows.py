"""`netmon flows` over a store of three records."""

import csv
import io
import json
import shlex
import time
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from netmon.app.cli import main
from netmon.app.commands import flows
from netmon.app.flows.showing import clock_column
from netmon.app.texts.flows import TEXTS
from tests.support.kept_flows import kept, record

DAY = ("--since", "2025-11-22", "--until", "2025-11-23T12:00Z")


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the configuration of a daemon that kept some flows."""
    made = tmp_path_factory.mktemp("config")
    (made / "netmon.yaml").write_text("state_dir: state\ntraffic:\n  store:\n    services: {tcp/8443: e-kinerja}\n")
    web = {"source_port": 40_000, "destination_port": 8_443, "tcp_flags": 27, "exporter": 1, "in_interface": 3}
    records = np.concatenate(
        [
            record(end=1_763_794_810, start=1_763_794_807.5, bytes=5_000_000, packets=4_000, **web),
            record(end=1_763_794_930, source="10.1.9.4", destination="10.1.2.3", bytes=7_000, reply_bytes=500,
                   reply_packets=2, packets=10, protocol=17, source_port=50_000, destination_port=53),
            record(end=1_763_795_000, source="2001:db8::1", destination="2001:db8:9::1", protocol=58, bytes=90),
        ]
    )  # fmt: skip
    kept(made / "state" / "flows", records)
    return made


def said(config: Path, *arguments: str, language: str = "en", width: int = 160) -> Result:
    question, *others = arguments
    command = ["flows", question, "--config", str(config), *DAY, *others]
    return CliRunner().invoke(main, command, env={"NETMON_LANG": language, "COLUMNS": str(width), "TZ": "UTC"})


def objects(result: Result) -> list[dict[str, object]]:
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_top_as_a_table(config: Path) -> None:
    shown = said(config, "top")
    assert shown.exit_code == 0, shown.output
    lines = shown.stdout.splitlines()
    assert lines[0].split() == ["SOURCE", "BYTES", "PACKETS", "FLOWS", "SHARE"]
    assert lines[2].split() == ["10.1.2.3", "5", "MB", "4002", "2", "99.9%"]
    assert lines[5].startswith("All: 5.01 MB, 4013 packets, 3 flows")
    assert said(config, "top", language="id").stdout.startswith("SUMBER")


def test_top_in_json_and_csv(config: Path) -> None:
    assert objects(said(config, "top", "--by", "site", "--format", "json", "--order", "flows")) == [
        {"site": "", "bytes": 5_000_090, "packets": 4_001, "flows": 2},
        {"site": "kantor bupati", "bytes": 5_007_500, "packets": 4_012, "flows": 2},
        {"site": "rsud", "bytes": 7_590, "packets": 13, "flows": 2},
    ]
    rows = list(csv.reader(io.StringIO(said(config, "top", "--by", "app", "--format", "csv").stdout)))
    assert rows == [
        ["app", "bytes", "packets", "flows"],
        ["e-kinerja", "5000000", "4000", "1"],
        ["dns", "7500", "12", "1"],
        ["icmp6", "90", "1", "1"],
    ]


def test_the_operators_services_can_be_asked_for(config: Path) -> None:
    (one,) = objects(said(config, "top", "--filter", "app e-kinerja", "--format", "json"))
    assert one["src"] == "10.1.2.3"


def test_matrix(config: Path) -> None:
    assert objects(said(config, "matrix", "--format", "json")) == [
        {"source": "kantor bupati", "destination": "", "bytes": 5_000_000, "packets": 4_000, "flows": 1},
        {"source": "rsud", "destination": "kantor bupati", "bytes": 7_000, "packets": 10, "flows": 1},
        {"source": "kantor bupati", "destination": "rsud", "bytes": 500, "packets": 2, "flows": 0},
        {"source": "", "destination": "rsud", "bytes": 90, "packets": 1, "flows": 1},
    ]
    lines = said(config, "matrix", "--limit", "1").stdout.splitlines()
    assert lines[2].split()[:3] == ["kantor", "bupati", "(outside)"]
    assert len(lines) == 3
    assert "(luar)" in said(config, "matrix", language="id").stdout


def test_timeline(config: Path) -> None:
    found = objects(said(config, "timeline", "--step", "1m", "--format", "json"))
    assert [(line["time"], line["flows"]) for line in found] == [
        ("2025-11-22T07:00:00.000Z", 1),
        ("2025-11-22T07:01:00.000Z", 0),
        ("2025-11-22T07:02:00.000Z", 1),
        ("2025-11-22T07:03:00.000Z", 1),
    ]
    lines = said(config, "timeline", "--step", "1m").stdout.splitlines()
    assert "667 kbit/s" in lines[2]
    assert lines[2].rstrip().endswith("█" * 30)
    assert lines[3].split()[2:] == ["0", "bit/s", "0", "B", "0", "0"]
    assert lines[4].rstrip().endswith("▏")
    narrow = said(config, "timeline", "--step", "1m", width=80)
    assert narrow.stdout.splitlines()[0].split() == ["TIME", "(UTC)", "RATE", "BYTES", "PACKETS", "FLOWS"]
    first = narrow.stdout.splitlines()[2].rstrip()
    assert first.endswith(" " + "█" * first.count("█"))
    assert 8 <= first.count("█") < 30
    assert narrow.stderr == ""
    (hour,) = objects(said(config, "timeline", "--format", "json"))
    assert hour["flows"] == 3


def test_a_timeline_of_too_many_steps_is_refused(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flows, "_LIMIT_MAX", 3)
    refused = said(config, "timeline", "--step", "1m")
    assert refused.exit_code == 2
    assert "That would be 4 lines, and 3 are the most: choose a longer --step" in refused.stderr
    assert said(config, "timeline", "--step", "5m").exit_code == 0


def test_list(config: Path) -> None:
    first, *_ = objects(said(config, "list", "--order", "bytes", "--format", "json"))
    assert first["start"] == "2025-11-22T07:00:07.500Z"
    assert first["end"] == "2025-11-22T07:00:10.000Z"
    assert (first["source"], first["destination_port"], first["flags"]) == ("10.1.2.3", 8_443, "...AP.SF")
    assert (first["exporter"], first["source_site"]) == ("sw-1", "kantor bupati")
    rows = list(csv.DictReader(io.StringIO(said(config, "list", "--format", "csv", "--filter", "inet6").stdout)))
    assert [row["destination"] for row in rows] == ["2001:db8:9::1"]
    assert "10.1.2.3:40000" in said(config, "list").stdout


@pytest.mark.parametrize("width", [40, 60, 80, 200])
@pytest.mark.parametrize("question", ["top", "matrix", "timeline", "list"])
def test_a_narrow_terminal(config: Path, question: str, width: int) -> None:
    shown = said(config, question, width=width)
    assert shown.exit_code == 0, shown.output
    assert max(map(len, shown.stdout.splitlines())) <= width


def test_a_wrong_filter_is_shown_with_a_caret(config: Path) -> None:
    shown = said(config, "top", "--filter", "tcp and dst prt 443")
    assert shown.exit_code == 2
    problem = "prt does not belong here; right would be: ip, host, addr, net, port, as, site, mac"
    assert shown.stderr.splitlines()[-3:] == [
        f"Error: In --filter, column 13: {problem}",
        "  tcp and dst prt 443",
        "              ^",
    ]
    assert "berakhir terlalu awal" in said(config, "top", "--filter", "port", language="id").stderr
    long = said(config, "top", "--filter", "tcp or " * 50 + "x\x1b[2Jx")
    assert long.exit_code == 2
    assert "\x1b" not in long.stderr
    line, caret = long.stderr.splitlines()[-2:]
    assert line[caret.index("^")] == "x"
    for problem in (" " * 5_000, "(" * 40 + "tcp", "port 99999", 'site "'):
        assert said(config, "top", "--filter", problem).exit_code == 2


def test_times(config: Path) -> None:
    base = ["flows", "top", "--config", str(config)]
    for since in ("-1h", "1h ago", "today"):
        assert CliRunner().invoke(main, [*base, f"--since={since}"]).exit_code == 5
    assert CliRunner().invoke(main, [*base, "--since", "tomorrowish"]).exit_code == 2
    assert CliRunner().invoke(main, [*base, "--since", "1h", "--until", "2h"]).exit_code == 2


def test_where_nothing_was_found_the_times_and_names_that_are_there_are_told(config: Path, tmp_path: Path) -> None:
    none = "No flows were found for that time and filter."
    away = said(config, "top", "--since", "2025-11-20", "--until", "2025-11-21").stderr.splitlines()
    times = "from 2025-11-22T07:00:10+00:00 to 2025-11-22T07:03:21+00:00"
    assert away == [none, f"The store has flows that ended {times}: choose --since and --until in that time."]
    there = ("--since", "2025-11-22T07:00:10+00:00", "--until", "2025-11-22T07:03:21+00:00")
    assert len(objects(said(config, "list", *there, "--format", "json"))) == 3
    filtered = said(config, "list", "--filter", "site rsut or exporter sw-9").stderr.splitlines()
    assert filtered == [
        none,
        "3 flows ended in that time; the filter lets none of them through.",
        'Sites in them: "kantor bupati", rsud',
        "Exporters in them: sw-1",
    ]
    assert "Lokasi di dalamnya: " in said(config, "matrix", "--filter", "site rsut", language="id").stderr
    no_exporter = "None of them has an exporter: those that a sensor saw itself have none."
    late = ("list", "--filter", "exporter sw-9", "--since", "2025-11-22T07:02:00+00:00")
    assert said(config, *late).stderr.splitlines()[2:] == [no_exporter]
    inventory = tmp_path / "inventory"
    inventory.mkdir()
    (inventory / "all.yaml").write_text(
        "sites: [{name: rsud}]\ndevices: [{name: core-1, address: 192.0.2.1, site: rsud, collector: none}]\n"
    )
    (tmp_path / "netmon.yaml").write_text("{}\n")
    told = said(tmp_path, *late, "--store", str(config / "state" / "flows")).stderr.splitlines()
    assert told[2:] == [no_exporter, "Devices of the inventory: core-1"]
    (tmp_path / "flows").mkdir()
    empty = said(config, "top", "--store", str(tmp_path / "flows"))
    assert (empty.exit_code, empty.stderr.splitlines()[1:]) == (5, [f"There are no flows at {tmp_path / 'flows'} yet."])


def test_columns_for_which_there_is_no_room_are_named(config: Path) -> None:
    narrow = said(config, "list", width=80)
    assert narrow.stdout.splitlines()[0].split() == ["TIME", "(UTC)", "PROTOCOL", "FROM", "TO", "BYTES"]
    assert narrow.stderr == (
        "No room at a width of 80 for SECONDS, FLAGS, PACKETS, FROM SITE, TO SITE: set COLUMNS=200, or ask for "
        "--format csv or json.\n"
    )
    assert said(config, "list", width=200).stderr == ""
    assert said(config, "list", "--format", "csv", width=80).stderr == ""


def test_times_tell_their_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    def head(zone: str, times: tuple[float, ...]) -> tuple[str, list[str]]:
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        column = clock_column("time", times)
        return column.head, [cell.plain for cell in column.cells]

    try:
        assert head("Asia/Makassar", (1_763_794_800.0,)) == ("TIME (+08:00)", ["2025-11-22 15:00:00"])
        assert head("UTC", (1_763_794_800.0,)) == ("TIME (UTC)", ["2025-11-22 07:00:00"])
        summer_time_ends = head("Europe/Berlin", (1_761_436_800.0, 1_761_440_400.0 + 3_600))
        assert summer_time_ends == ("TIME", ["2025-10-26 02:00:00 +02:00", "2025-10-26 03:00:00 +01:00"])
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize("question", ["top", "matrix", "timeline", "list"])
def test_each_question_has_examples_that_work(config: Path, question: str) -> None:
    text = TEXTS[f"flows.{question}.examples"]
    shown = CliRunner().invoke(main, ["flows", question, "--help"])
    assert text.en.splitlines()[2] in shown.output
    examples, others = (
        [line.strip() for line in lines.splitlines() if line.startswith("  netmon")] for lines in (text.en, text.id)
    )
    assert len(examples) >= 3
    assert examples == others
    for example in examples:
        _, _, *arguments = shlex.split(example.partition(" > ")[0])
        asked = CliRunner().invoke(main, ["flows", *arguments, "--config", str(config)])
        assert asked.exit_code in {0, 5}, asked.output


def test_exit_codes(config: Path, tmp_path: Path) -> None:
    nothing = said(config, "list", "--filter", "port 7")
    assert (nothing.exit_code, nothing.stdout) == (5, "")
    away = said(config, "top", "--store", str(tmp_path / "none"))
    assert away.exit_code == 2
    assert "No flows can be read at" in away.stderr
    assert said(config, "top", "--store", str(config / "state" / "flows")).exit_code == 0
    assert said(config, "top", "--by", "colour").exit_code == 2


def test_a_spreadsheet_computes_nothing(tmp_path: Path) -> None:
    from exporters.flowstore.settings import FlowStoreSettings
    from exporters.flowstore.writer import FlowStore
    from netmon.api.networks import Networks

    book = FlowStore(FlowStoreSettings(), tmp_path, Networks(), lambda: ["=cmd()\x1b[2J"])
    book.open(1_763_794_800)
    book.put(record())
    book.close()
    shown = said(tmp_path, "top", "--by", "exporter", "--format", "csv", "--store", str(tmp_path)).stdout
    assert shown.splitlines()[1].startswith("'=cmd()")
    for form in ("table", "json"):
        assert (
            "\x1b" not in said(tmp_path, "top", "--by", "exporter", "--format", form, "--store", str(tmp_path)).stdout
        )


def test_the_directory_that_the_settings_name(tmp_path: Path) -> None:
    (tmp_path / "netmon.yaml").write_text("traffic: {store_directory: kept/here}\n")
    kept(tmp_path / "kept" / "here", record())
    assert said(tmp_path, "top").exit_code == 0
