from pathlib import Path

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from netmon.app.settings import Settings, dump, load_directory
from netmon.app.settings.dump import plain

EXAMPLE = Path(__file__).parents[4] / "config" / "example"
SECRETS = {"NETMON_SNMP_COMMUNITY": "public"}


def reload(text: str, directory: Path) -> Settings:
    """Load what a dump says, which has passwords too short to be any."""
    main, inventory = text.split("\n---\n")
    (directory / "inventory").mkdir(parents=True, exist_ok=True)
    (directory / "netmon.yaml").write_text(main)
    (directory / "netmon.yaml").chmod(0o600)
    (directory / "inventory" / "inventory.yaml").write_text(inventory)
    return load_directory(directory, {})


def test_a_dump_is_a_configuration_that_means_the_same(tmp_path: Path) -> None:
    first = load_directory(EXAMPLE, SECRETS)
    again = reload(dump(first), tmp_path)
    assert again.inventory == first.inventory
    assert plain(again) == plain(first)
    assert dump(again) == dump(first)


def test_defaults_are_shown_in_the_schemas_order() -> None:
    documents = list(yaml.safe_load_all(dump(load_directory(EXAMPLE, SECRETS))))
    assert list(documents[0])[:4] == ["state_dir", "language", "log", "scheduler"]
    assert documents[0]["snmp"]["max_in_flight"] == 100
    assert documents[0]["credentials"]["default"]["community"] == "********"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    title=st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]))
    | st.from_regex(r"[0-9eox.+~-]{1,5}", fullmatch=True)
)
def test_every_text_comes_back_as_it_was(title: str, tmp_path: Path) -> None:
    (tmp_path / "netmon.yaml").write_text("")
    first = load_directory(tmp_path, {})
    site = {"name": "s", "title": title}
    inventory = type(first.inventory).model_validate({"sites": [site]})
    again = reload(dump(Settings(tmp_path, first.netmon, inventory)), tmp_path / "again")
    assert again.inventory.sites[0].title == title


def test_references_in_a_value_are_dumped_so_that_they_stay_text(tmp_path: Path) -> None:
    (tmp_path / "netmon.yaml").write_text("host: {netdev_exclude_devices: 'x$${y}'}")
    first = load_directory(tmp_path, {})
    assert first.netmon.host.netdev_exclude_devices.pattern == "x${y}"
    assert reload(dump(first), tmp_path / "again").netmon == first.netmon
