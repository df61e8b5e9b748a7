"""Packs of limits: ours load, the configuration's replace them, and every fault says where and what would be right."""

from array import array
from pathlib import Path

import pytest

import rules
from netmon.api import ConfigError, Family, Kind, Table
from netmon.app.packs import configured, load_packs, read_packs
from netmon.app.packwords import declared
from netmon.app.text import Language, speaking
from rules.pack import Summary
from rules.panel.panel import Panel
from rules.panel.settings import WatchSettings
from tests.support.panels import reading

CASES = Path(__file__).parents[2] / "data" / "bad-packs"
SAYS = "severity: error, summary: {en: a, id: b}"
OURS = [
    "certificates",
    "clock",
    "cpu",
    "environment",
    "hosts",
    "links",
    "memory",
    "optics",
    "power",
    "reachability",
    "storage",
    "traffic",
]
LIMIT = f"{{name: hot, metric: heat, over: 1, {SAYS}}}"


def write(directory: Path, name: str, text: str) -> Path:
    folder = directory / "packs"
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(text)
    return path


def test_ours_load_and_have_both_languages() -> None:
    packs = load_packs(None)
    assert [pack.name for pack in packs] == OURS
    assert all(one.summary.en != one.summary.id for pack in packs for _, one in declared(pack))
    assert [pack.name for pack in packs if pack.unreachable] == ["reachability"]


def test_a_pack_of_the_same_name_replaces_ours(tmp_path: Path) -> None:
    write(tmp_path, "mine.yaml", f"name: cpu\nlimits: [{LIMIT}]\n")
    packs = {pack.name: pack for pack in load_packs(tmp_path)}
    assert sorted(packs) == OURS
    assert packs["cpu"].names == ("hot",)


@pytest.mark.parametrize("case", sorted(path.parent.name for path in CASES.glob("*/pack.yaml")))
@pytest.mark.parametrize("language", ["en", "id"])
def test_a_fault_says_where_it_stands_and_what_would_be_right(case: str, language: Language, tmp_path: Path) -> None:
    path = write(tmp_path, "mine.yaml", (CASES / case / "pack.yaml").read_text(encoding="utf-8"))
    with speaking(language), pytest.raises(ConfigError) as caught:
        load_packs(tmp_path)
    ours = str(Path(rules.__file__).parent)
    told = [str(fault).replace(str(path), "pack.yaml").replace(ours, "rules") for fault in caught.value.faults]
    expected = "expected" if language == "en" else "expected.id"
    assert told == (CASES / case / expected).read_text(encoding="utf-8").splitlines()


def test_two_files_of_one_name_are_one_too_many(tmp_path: Path) -> None:
    first = write(tmp_path, "a.yaml", "name: mine\n")
    second = write(tmp_path, "b.yaml", "name: mine\n")
    packs, [fault] = read_packs(tmp_path)
    assert (fault.file, fault.line, str(first) in fault.problem) == (str(second), 1, True)
    assert [pack.name for pack in packs] == ["mine", *OURS]


def test_the_documentation_shows_a_pack_that_loads(tmp_path: Path) -> None:
    text = Path("docs/limits.md").read_text(encoding="utf-8")
    write(tmp_path, "office.yaml", text.partition("```yaml\n")[2].partition("```")[0])
    assert [pack.name for pack in load_packs(tmp_path)] == ["office", *OURS]


@pytest.mark.parametrize("own", ["own", "zzz"])
def test_a_forecast_of_ones_own_goes_before_ours_for_the_series_that_it_matches(own: str, tmp_path: Path) -> None:
    told = "summary: {en: a, id: b}"
    root = "{metric: netmon_storage_used_bytes, labels: [mountpoint], match: {mountpoint: '^/$'}"
    forecast = f"{root}, name: root_filling, over: 4.0e+10, tiers: [{{within_s: 60, severity: warning}}], {told}}}"
    anomaly = f"{root}, name: root_odd, severity: warning, {told}}}"
    write(tmp_path, "mine.yaml", f"name: {own}\nforecasts: [{forecast}]\nanomalies: [{anomaly}]\n")
    watch = Panel(load_packs(tmp_path), WatchSettings())
    family = Family("netmon_storage_used_bytes", Kind.GAUGE, "")
    rows, columns = (("/",), ("/srv",)), (array("d", [1.0, 2.0]),)
    watch.take(reading(Table((family,), ("mountpoint",), rows, ("0", "1"), columns, 0.0)))
    forecasts = [watch.forecast_of(slot) for slot in range(2)]
    assert [one.name for one in forecasts if one] == ["root_filling", "storage_filling"]
    assert [one.name if one else "" for one in map(watch.anomaly_of, range(2))] == ["root_odd", ""]
    [batch] = watch.batches()
    assert batch.bounds[0] == 4e10


def test_which_packs_the_configuration_brings(tmp_path: Path) -> None:
    assert configured(tmp_path) == frozenset()
    write(tmp_path, "a.yaml", "name: mine\n")
    write(tmp_path, "b.yaml", "name: cpu\n")
    write(tmp_path, "c.yaml", "limits: 1\n")
    assert configured(tmp_path) == {"mine", "cpu"}


@pytest.mark.parametrize("text", ["{", "a }", "{target", "{value:.1f}", "{value!r}"])
def test_a_text_that_could_not_be_filled_in_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"a brace is open or closed alone|\{value[:!].*\} is no placeholder"):
        Summary(en=text, id="b")


def test_a_brace_is_written_twice() -> None:
    assert Summary(en="{{a}} {target}", id="b").en.format(target="sw1") == "{a} sw1"
