"""SNMP profiles of the configuration: they join netmon's, replace those of the same name, and must not clash."""

from pathlib import Path

import pytest

from netmon.api import ConfigError
from netmon.app.profiles import FOLDER, load_profiles
from netmon.app.wiring import load_plan
from tests.support.profiles import FOLDER as OURS
from tests.support.profiles import shipped

ACME = """
name: {name}
tables:
  heat:
    mib: {mib}
    index: [{{name: acmeIndex}}]
    labels: [acmeIndex]
    objects:
      {metric}: {{oid: 1.3.6.1.4.1.99999.1.1.{column}, syntax: integer, help: Heat}}
    blocks:
      - labels: {{sensor: "{{acmeIndex}}"}}
        metrics:
          netmon_temperature_celsius: {{value: {metric}}}
"""


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETMON_LANG", "en")


def write(directory: Path, file: str, name: str, metric: str = "acmeHeat", mib: str = "ACME-MIB") -> Path:
    folder = directory / FOLDER
    folder.mkdir(exist_ok=True)
    path = folder / file
    path.write_text(ACME.format(name=name, metric=metric, mib=mib, column=len(metric)))
    return path


def told(directory: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        load_profiles(directory)
    return str(caught.value)


def test_without_a_configuration_there_are_netmons_own() -> None:
    assert load_profiles(None) == shipped()


def test_a_profile_of_the_configuration_joins_them(tmp_path: Path) -> None:
    write(tmp_path, "acme.yaml", "acme")
    names = [profile.name for profile in load_profiles(tmp_path)]
    assert names == [*(profile.name for profile in shipped()), "acme"]


def test_one_of_the_same_name_replaces_netmons(tmp_path: Path) -> None:
    write(tmp_path, "mine.yaml", "entity", mib="ENTITY-SENSOR-MIB")  # gives what netmon's own would have given
    profiles = {profile.name: profile for profile in load_profiles(tmp_path)}
    assert profiles.keys() == {profile.name for profile in shipped()}
    assert [*profiles["entity"].tables] == ["heat"]


def test_two_profiles_that_give_the_same_series_are_both_named(tmp_path: Path) -> None:
    path = write(tmp_path, "acme.yaml", "acme", mib="ENTITY-SENSOR-MIB")
    assert told(tmp_path) == (
        f"{path}: netmon_temperature_celsius: the profile in {OURS / 'entity.yaml'} gives the same series; "
        'give this profile the name "entity" to replace that one, or leave these metrics out'
    )


def test_a_copy_under_another_name_is_one_fault(tmp_path: Path) -> None:
    (tmp_path / FOLDER).mkdir()
    path = tmp_path / FOLDER / "my_ports.yaml"
    path.write_text((OURS / "if_mib.yaml").read_text().replace("name: if_mib", "name: my_ports"))
    assert told(tmp_path) == (
        f"{path}: ifNumber, ifTableLastChange, ifIndex …: the profile in {OURS / 'if_mib.yaml'} gives the same "
        'series; give this profile the name "if_mib" to replace that one, or leave these metrics out'
    )


def test_a_replacement_can_clash_too(tmp_path: Path) -> None:
    path = write(tmp_path, "mine.yaml", "lldp", mib="ENTITY-SENSOR-MIB")
    assert told(tmp_path).startswith(f"{path}: netmon_temperature_celsius: the profile in {OURS / 'entity.yaml'} ")


def test_two_files_with_one_name_are_told(tmp_path: Path) -> None:
    first = write(tmp_path, "a.yaml", "acme")
    second = write(tmp_path, "b.yaml", "acme", "acmeWarmth")
    assert told(tmp_path) == (
        f'{second}: the profile "acme" is in {first} too; give one of them another name, or remove it'
    )


def test_every_fault_of_every_file_is_told_at_once_with_those_of_the_settings(tmp_path: Path) -> None:
    write(tmp_path, "acme.yaml", "acme", mib="ENTITY-SENSOR-MIB")
    broken = write(tmp_path, "broken.yaml", "Broken Name")
    (tmp_path / "netmon.yaml").write_text("colour: red\n")
    with pytest.raises(ConfigError) as caught:
        load_plan(tmp_path)
    places = {(Path(fault.file).name, fault.line) for fault in caught.value.faults}
    assert places == {("acme.yaml", 0), (broken.name, 2), ("netmon.yaml", 1)}
