"""Packs of limits: ours load, the configuration's replace them, and every fault says where and what would be right."""

from pathlib import Path

import pytest

from netmon.api import ConfigError
from netmon.app.packs import load_packs, read_packs
from netmon.app.text import speaking

SAYS = "severity: error, summary: {en: a, id: b}"
BAD = 'en: "{0}"'
LIMIT = f"{{name: hot, metric: heat, over: 1, {SAYS}}}"


def write(directory: Path, name: str, text: str) -> Path:
    folder = directory / "packs"
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(text)
    return path


def test_ours_load_and_have_both_languages() -> None:
    [pack] = load_packs(None)
    assert pack.name == "first"
    assert pack.unreachable is not None
    assert all(limit.summary.en != limit.summary.id for limit in pack.limits)


def test_a_pack_of_the_same_name_replaces_ours(tmp_path: Path) -> None:
    write(tmp_path, "mine.yaml", f"name: first\nlimits: [{LIMIT}]\n")
    [pack] = load_packs(tmp_path)
    assert [limit.name for limit in pack.limits] == ["hot"]


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("name: mine\nlimits:\n  - {name: hot, metric: heat, " + SAYS + "}\n", 3, "needs one direction"),
        (f"name: mine\nlimits:\n  - {LIMIT[:-1]}, under: 1}}\n", 3, "needs one direction"),
        (f"name: mine\nlimits:\n  - {LIMIT[:-1]}, wonder: 1}}\n", 3, "wonder"),
        (f"name: mine\nlimits:\n  - {LIMIT[:-1]}, mean: true, of_upper_limit: 1}}\n", 3, "many rows"),
        (f"name: mine\nlimits:\n  - {LIMIT[:-1]}, match: {{a: '('}}}}\n", 3, "regular expression"),
        (f"name: mine\nlimits:\n  - {LIMIT[:-1]}, where: {{a: {{}}}}}}\n", 3, "one comparison"),
        (f"name: mine\nlimits: [{LIMIT.replace('en: a', BAD)}]\n", 2, "no placeholder"),
        (f"name: mine\nlimits: [{LIMIT}, {LIMIT}]\n", 2, "hot: declared twice"),
        (
            f"name: mine\nlimits: [{LIMIT.replace('hot', 'interface_down')}]\n",
            0,
            'the limit "interface_down" stands in',
        ),
    ],
)
def test_a_fault_says_where_it_stands(tmp_path: Path, text: str, line: int, problem: str) -> None:
    path = write(tmp_path, "mine.yaml", text)
    with speaking("en"), pytest.raises(ConfigError) as caught:
        load_packs(tmp_path)
    [fault] = caught.value.faults
    assert (fault.file, fault.line) == (str(path), line)
    assert problem in fault.problem
    assert fault.remedy


def test_two_files_of_one_name_are_one_too_many(tmp_path: Path) -> None:
    first = write(tmp_path, "a.yaml", "name: mine\n")
    second = write(tmp_path, "b.yaml", "name: mine\n")
    packs, [fault] = read_packs(tmp_path)
    assert (fault.file, str(first) in fault.problem) == (str(second), True)
    assert [pack.name for pack in packs] == ["first", "mine"]


def test_the_documentation_shows_a_pack_that_loads(tmp_path: Path) -> None:
    text = Path("docs/limits.md").read_text(encoding="utf-8")
    write(tmp_path, "office.yaml", text.partition("```yaml\n")[2].partition("```")[0])
    assert [pack.name for pack in load_packs(tmp_path)] == ["first", "office"]
