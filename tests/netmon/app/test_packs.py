"""Packs of limits: ours load, the configuration's replace them, and every fault says where and what would be right."""

from pathlib import Path

import pytest

import rules
from netmon.api import ConfigError
from netmon.app.packs import load_packs, read_packs
from netmon.app.packwords import declared
from netmon.app.text import Language, speaking

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
    assert [pack.name for pack in packs] == [*OURS, "mine"]


def test_the_documentation_shows_a_pack_that_loads(tmp_path: Path) -> None:
    text = Path("docs/limits.md").read_text(encoding="utf-8")
    write(tmp_path, "office.yaml", text.partition("```yaml\n")[2].partition("```")[0])
    assert [pack.name for pack in load_packs(tmp_path)] == [*OURS, "office"]
