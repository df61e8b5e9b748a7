import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from netmon.api import ConfigError, Fault, Target
from netmon.app.settings import load_directory
from netmon.app.settings.inventory import Inventory
from netmon.app.settings.model import NetmonSettings

EXAMPLE = Path(__file__).parents[4] / "config" / "example"
SECRETS = {"NETMON_SNMP_COMMUNITY": "public"}  # README promises that the example needs no more


def write(directory: Path, main: str, **inventory: str) -> Path:
    (directory / "inventory").mkdir(exist_ok=True)
    (directory / "netmon.yaml").write_text(main)
    (directory / "netmon.yaml").chmod(0o640)
    for name, text in inventory.items():
        (directory / "inventory" / f"{name}.yaml").write_text(text)
    return directory


def refused(directory: Path) -> tuple[Fault, ...]:
    """Return the faults of a configuration, none if it is fine. Any other error is the test's failure."""
    try:
        load_directory(directory, {})
    except ConfigError as error:
        return error.faults
    return ()


def test_the_example_is_fine() -> None:
    loaded = load_directory(EXAMPLE, SECRETS)
    targets = {target.name: target for target in loaded.targets()}
    assert list(targets) == ["core-1", "core-2", "setda-1", "dinkes-1", "ups-1", "monitor", "db-1", "db-2"]
    options = {"collector": "snmp", "credential": "default", "interval_s": 15, "profiles": {}, "role": "core"}
    assert targets["core-1"] == Target("core-1", "10.10.0.1", "kominfo", "device", (("rack", "A1"),), options)
    assert targets["dinkes-1"].options["profiles"] == loaded.inventory.devices[3].profiles
    assert targets["monitor"] == Target("monitor", "localhost", "kominfo", "server", (), {"collector": "host"})
    assert [joint.km for joint in loaded.inventory.links[0].joints] == [1.2, 3.1]


def test_the_example_names_the_secrets_that_it_needs() -> None:
    with pytest.raises(ConfigError) as caught:
        load_directory(EXAMPLE, {})
    assert re.findall(r"NETMON_\w+", str(caught.value)) == list(SECRETS)


def test_an_empty_file_is_a_configuration(tmp_path: Path) -> None:
    (tmp_path / "netmon.yaml").write_text("")
    loaded = load_directory(tmp_path, {})
    assert loaded.netmon == NetmonSettings()
    assert loaded.inventory == Inventory()
    assert loaded.targets() == ()


def test_inventory_files_are_merged_in_the_order_of_their_names(tmp_path: Path) -> None:
    write(tmp_path, "", b="sites: [{name: two}]", a="sites: [{name: one}]", c="applications: [{name: x, site: two}]")
    (tmp_path / "inventory" / ".a.yaml.swp").write_text("[")
    assert [site.name for site in load_directory(tmp_path, {}).inventory.sites] == ["one", "two"]


def test_what_is_not_polled_is_no_target(tmp_path: Path) -> None:
    write(
        tmp_path, "", a="sites: [{name: s}]\ndevices: [{name: converter, address: 10.0.0.1, site: s, collector: none}]"
    )
    loaded = load_directory(tmp_path, {})
    assert loaded.targets() == ()
    assert loaded.inventory.devices[0].name == "converter"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("10.0.0.1:1161", "10.0.0.1:1161"),
        ("2001:DB8::0:1", "2001:db8::1"),
        ("'[2001:db8::1]'", "2001:db8::1"),
        ("'[2001:db8::1]:1161'", "[2001:db8::1]:1161"),
        ("Core-1.Example", "core-1.example"),
        ("core_1:161", "core_1:161"),
    ],
)
def test_addresses_take_one_form(given: str, kept: str, tmp_path: Path) -> None:
    main = "credentials: {default: {version: v2c, community: public}}"
    write(tmp_path, main, a=f"sites: [{{name: s}}]\ndevices: [{{name: d, site: s, address: {given}}}]")
    assert load_directory(tmp_path, {}).targets()[0].address == kept


@pytest.mark.parametrize(
    "address",
    ["", "10.0.0", "10.0.0.1:0", "10.0.0.1:", "a:b", "[::1", "[::1]x", "::g", "-x", "a..b", "a b", "10.0.0.1:\u0661"],
)
def test_what_is_no_address(address: str, tmp_path: Path) -> None:
    main = "credentials: {default: {version: v2c, community: public}}"
    write(tmp_path, main, a=f"sites: [{{name: s}}]\ndevices: [{{name: d, site: s, address: '{address}'}}]")
    with pytest.raises(ConfigError, match="is no address"):
        load_directory(tmp_path, {})


def test_faults_are_in_the_language_that_the_file_asks_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NETMON_LANG")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    write(tmp_path, "language: id\nlanguage: en\nlog: {level: keras}\n", a="sites: [{}]")
    with pytest.raises(ConfigError) as caught:
        load_directory(tmp_path, {})
    assert [str(fault).replace(f"{tmp_path}/", "") for fault in caught.value.faults] == [
        "inventory/a.yaml:1:9: name tidak ada; tambahkan name: …",
        "netmon.yaml:2:1: language ditulis dua kali; yang pertama di baris 1, kolom 1; pertahankan salah satu",
        'netmon.yaml:3:14: "keras" bukan salah satu pilihan; tulis salah satu: debug, info, warning, error',
    ]


def test_aliases_do_not_make_one_fault_many(tmp_path: Path) -> None:
    text = "sites: [{name: s, prefixes: &p [10.0.0.0/8]}, {name: t, prefixes: *p}]"
    write(tmp_path, "", a=text)
    with pytest.raises(ConfigError) as caught:
        load_directory(tmp_path, {})
    assert [fault.problem.split(",")[0] for fault in caught.value.faults] == ["the network 10.0.0.0/8 is there already"]


def test_loading_changes_nothing_on_disk(tmp_path: Path) -> None:
    write(tmp_path, "state_dir: state\n", a="sites: [{name: s}]")
    before = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*"))
    load_directory(tmp_path, {})
    assert sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*")) == before


def _keys(model: Any) -> list[str]:
    return list(model.model_fields)


_scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["10.0.0.1", "${A}", "v2c", "v3"])
)
_words = st.sampled_from(
    [*_keys(NetmonSettings), *_keys(Inventory), "name", "site", "address", "version", "community", "community_file"]
)
_trees = st.recursive(
    _scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_words, inner, max_size=5), max_leaves=30
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(main=_trees, inventory=_trees)
def test_any_settings_are_taken_or_refused(main: Any, inventory: Any, tmp_path: Path) -> None:
    write(tmp_path, yaml.safe_dump(main), a=yaml.safe_dump(inventory))
    assert all(fault.problem and fault.remedy for fault in refused(tmp_path))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(main=st.binary(max_size=200), inventory=st.binary(max_size=200))
def test_any_bytes_are_taken_or_refused(main: bytes, inventory: bytes, tmp_path: Path) -> None:
    write(tmp_path, "", a="")
    (tmp_path / "netmon.yaml").write_bytes(main)
    (tmp_path / "inventory" / "a.yaml").write_bytes(inventory)
    assert all(fault.line >= 1 for fault in refused(tmp_path))


def test_a_file_in_the_place_of_the_inventory_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "netmon.yaml").write_text("")
    (tmp_path / "inventory").write_text("sites: []")
    with pytest.raises(ConfigError, match=r"inventory: cannot be read \(Not a directory\)"):
        load_directory(tmp_path, {})
