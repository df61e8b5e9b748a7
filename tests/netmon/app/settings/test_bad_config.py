"""Every message about a wrong configuration, by the file that earns it: tests/data/bad-config/<case>/."""

import re
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import pytest
from pydantic import BaseModel, ConfigDict, Field

from exporters.notify.urls import understanding
from netmon.api import ConfigError
from netmon.app.settings import load_directory, load_file
from netmon.app.settings.yamlfile import MAX_BYTES
from netmon.app.texts.faults import TEXTS
from tests.support.badconfig import CASES, ENVIRONMENT, PROFILES, prepare

UNDERSTANDS = understanding()
ALL_CASES = sorted(path.name for path in CASES.iterdir() if path.is_dir())


@pytest.mark.parametrize("case", ALL_CASES)
def test_every_fault_is_told_with_its_place_and_what_would_be_right(case: str, tmp_path: Path) -> None:
    directory = prepare(case, tmp_path)
    with pytest.raises(ConfigError) as caught:
        load_directory(directory, ENVIRONMENT, PROFILES, UNDERSTANDS)
    assert str(caught.value).replace(f"{directory}/", "") + "\n" == (CASES / case / "expected").read_text()


class Sample(BaseModel):
    """What other components' schemas may use and ours do not."""

    model_config = ConfigDict(extra="forbid")

    step: int = Field(default=10, multiple_of=5)
    below: float = Field(default=0, lt=1)
    code: str = Field(default="a", pattern="^[a-z]+$")
    few: Annotated[list[int], Field(max_length=2)] = []
    exact: Decimal = Decimal(1)
    either: int | bool = 1
    raw: bytes = b""


# text of the file → what is said of it
ALONE = {
    "step: 7": ":1:7: 7 is not a multiple of 5; write a multiple of 5",
    "below: 1": ":1:8: 1 is too large; write a number below 1",
    "code: A1": ':1:7: "A1" does not have the form that is expected here; it must match ^[a-z]+$',
    "few: [1, 2, 3]": ":1:6: there are 3 items here; give at most 2",
    "exact: ten": ':1:8: "ten" is not a number; write digits, such as 10 or 2.5; the unit is in the setting\'s name',
    "raw: 5": ":1:6: 5 cannot stand here (Input should be a valid bytes); see docs/configuration.md",
}


@pytest.mark.parametrize("text", ALONE)
def test_faults_of_other_components_schemas(text: str, tmp_path: Path) -> None:
    path = tmp_path / "sample.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_file(path, Sample)
    assert str(caught.value) == f"{path}{ALONE[text]}"


def test_a_union_says_what_each_of_its_members_wants(tmp_path: Path) -> None:
    path = tmp_path / "sample.yaml"
    path.write_text("either: [x]")
    with pytest.raises(ConfigError) as caught:
        load_file(path, Sample)
    assert [(fault.line, fault.column, fault.problem) for fault in caught.value.faults] == [
        (1, 9, "a list is neither true nor false"),
        (1, 9, "a list is not a whole number"),
    ]


def test_a_file_that_is_too_big_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "sample.yaml"
    with path.open("wb") as stream:
        stream.truncate(MAX_BYTES + 1)
    with pytest.raises(ConfigError) as caught:
        load_file(path, Sample)
    assert str(caught.value) == f"{path}: is larger than 16 MiB; split the inventory into several files"


def test_a_directory_in_a_files_place_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_file(tmp_path, Sample)
    expected = f"{tmp_path}: cannot be read (Is a directory); check the path, its owner and its permissions"
    assert str(caught.value) == expected


def test_every_message_has_a_case() -> None:
    said = "\n".join((CASES / case / "expected").read_text() for case in ALL_CASES) + "\n".join(ALONE.values())
    elsewhere = {
        "fault.state_not_made",  # test_state.py
        "fault.state_not_writable",
        "fault.secret_not_a_file",  # test_secrets.py
        "fault.secret_too_big",
        "fault.too_big",
        "fault.not_a_directory",  # commands/test_check.py
        "fault.profile_clash",  # test_profiles.py
        "fault.profile_twice",
    }
    problems = {key: text.en for key, text in TEXTS.items() if key.startswith("fault.") and not key.endswith(".remedy")}
    missing = {key for key, text in problems.items() if not re.search(_pattern(text), said)}
    assert missing == elsewhere


def _pattern(text: str) -> str:
    """Return what matches a message whatever its placeholders were filled with."""
    parts = re.split(r"(?<!\{)\{[a-z_:.0-9]+\}", text)
    return ".*".join(re.escape(part.replace("{{", "{").replace("}}", "}")) for part in parts)
