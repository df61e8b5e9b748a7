import json
import os
import shutil
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from netmon.app.commands.check import command
from tests.support.badconfig import prepare

EXAMPLE = Path(__file__).parents[4] / "config" / "example"
ENVIRONMENT = {
    "NETMON_LANG": "en",
    "NETMON_SNMP_COMMUNITY": "maplesyrup",
}


def check(*arguments: object, **environment: str) -> Result:
    return CliRunner().invoke(command, [str(a) for a in arguments], env=ENVIRONMENT | environment)


def test_a_configuration_that_is_fine_is_one_line() -> None:
    result = check(EXAMPLE)
    assert result.exit_code == 0
    assert result.output == (
        f"{EXAMPLE} is fine. Sites: 3, devices: 5, servers: 3, applications: 1, links: 4, mirrors: 1, prefixes: 1, "
        "credentials: 1.\n"
    )


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", "Where netmon stands: monitor has no uplinks, so it is taken to be connected to core-2"),
        ("id", "Posisi netmon: monitor tidak memiliki uplinks, jadi dianggap terhubung ke core-2"),
    ],
)
def test_where_netmon_is_taken_to_stand_is_told(tmp_path: Path, language: str, expected: str) -> None:
    shutil.copytree(EXAMPLE, tmp_path / "netmon")
    services = tmp_path / "netmon" / "inventory" / "services.yaml"
    text = services.read_text()
    begin, end = text.index("    uplinks:                    # where netmon"), text.index("  - name: db-1")
    services.write_text(text[:begin] + text[end:])
    result = check(tmp_path / "netmon", NETMON_LANG=language)
    assert (result.exit_code, result.output.count("\n")) == (0, 2)
    assert result.output.splitlines()[1].startswith(expected)
    told = check(tmp_path / "netmon", "--format", "json", NETMON_LANG=language)
    assert json.loads(told.output)["notes"] == [result.output.splitlines()[1]]


@pytest.mark.parametrize(
    ("alerts", "scheduler", "expected"),
    [
        ("resolve_hold_s: 60", "dead_backoff_max_s: 60", ""),
        ("resolve_hold_s: 59", "dead_backoff_max_s: 30", "the polling interval of ups-1 (60 s) is longer than"),
        ("resolve_hold_s: 60", "dead_backoff_max_s: 300", "scheduler.dead_backoff_max_s (300 s) is longer than"),
        ("resolve_hold_s: 300", "dead_backoff_max_s: 300", ""),
    ],
)
def test_alerts_that_are_resolved_before_every_device_was_polled(
    tmp_path: Path, alerts: str, scheduler: str, expected: str
) -> None:
    shutil.copytree(EXAMPLE, tmp_path / "netmon")
    main = tmp_path / "netmon" / "netmon.yaml"
    settings = yaml.safe_load(main.read_text())
    settings["alerts"] = settings.get("alerts", {}) | yaml.safe_load(alerts)
    settings["scheduler"] |= yaml.safe_load(scheduler)
    main.write_text(yaml.safe_dump(settings))
    notes = json.loads(check(tmp_path / "netmon", "--format", "json").output)["notes"]
    assert len(notes) == bool(expected)
    assert not notes or expected in notes[0]
    if expected:
        assert "lebih panjang daripada" in check(tmp_path / "netmon", NETMON_LANG="id").output


PROFILE = """\
name: own_box
recognise: {present: [qqq]}
tables:
  one:
    mib: OWN-MIB
    index: [{name: number}]
    labels: {number: "{number}"}
    objects:
      qqq: {oid: 1.3.6.1.4.1.99999.1.1, syntax: integer, help: What this box has of it}
"""
TOLD = "severity: warning, summary: {en: a, id: b}"
SOON = "tiers: [{within_s: 60, severity: warning}], summary: {en: a, id: b}"


def noted(directory: Path, pack: str, language: str = "en") -> list[str]:
    (directory / "packs").mkdir(exist_ok=True)
    (directory / "packs" / "own.yaml").write_text(pack)
    notes: list[str] = json.loads(check(directory, "--format", "json", NETMON_LANG=language).output)["notes"]
    return notes


def test_a_forecast_or_anomaly_that_goes_before_another_is_noted(tmp_path: Path) -> None:
    directory = shutil.copytree(EXAMPLE, tmp_path / "netmon")
    used = "metric: netmon_storage_used_bytes"
    own = f"name: own\nforecasts: [{{name: mine, {used}, over: 1, {SOON}}}]\n"
    [note] = noted(directory, own)
    assert note == (
        "Pack own: mine takes the place of storage_filling (pack storage) for the series of netmon_storage_used_bytes "
        "that it matches"
    )
    assert "menggantikan storage_filling" in noted(directory, own, "id")[0]
    anomaly = f"anomalies: [{{name: odd, {used}, {TOLD}}}]"
    (directory / "packs" / "two.yaml").write_text(f"name: two\n{anomaly.replace('odd', 'later')}\n")
    assert [note.partition(" for ")[0] for note in noted(directory, f"name: own\n{anomaly}\n")] == [
        "Pack own: odd takes the place of later (pack two)"
    ]
    (directory / "packs" / "two.yaml").unlink()
    # A pack that has the name of ours is instead of it, and a limit goes before none.
    assert noted(directory, own.replace("own", "storage")) == []
    assert noted(directory, f"name: own\nlimits: [{{name: mine, {used}, over: 1, {TOLD}}}]\n") == []


def test_a_metric_that_nothing_gives_is_noted(tmp_path: Path) -> None:
    directory = shutil.copytree(EXAMPLE, tmp_path / "netmon")

    def limit(metric: str, more: str = "over: 1") -> str:
        return f"name: own\nlimits: [{{name: mine, metric: {metric}, {more}, {TOLD}}}]\n"

    [note] = noted(directory, limit("netmon_temperature_celcius"))
    assert note == (
        "Pack own: mine asks for netmon_temperature_celcius, which no profile and no part of a host gives "
        "(did you mean netmon_temperature_celsius?)"
    )
    assert "yang tidak diberikan" in noted(directory, limit("netmon_temperature_celcius"), "id")[0]
    for metric in ("netmon_temperature_celsius", "ifHCInOctets", "probe_success", "node_anything"):
        assert noted(directory, limit(metric)) == []
    [where] = noted(directory, limit("ifHCInOctets", "over: 1, where: {qqq: {equals: 1}}"))
    assert "asks for qqq," in where
    [bound] = noted(directory, limit("ifHCInOctets", "of_upper_limit: 1, bound_by: xxx"))
    assert "asks for xxx," in bound
    (directory / "profiles").mkdir(exist_ok=True)
    (directory / "profiles" / "qqq.yaml").write_text(PROFILE)
    assert noted(directory, limit("qqq")) == []
    (directory / "profiles" / "qqq.yaml").unlink()
    assert len(noted(directory, limit("qqq"))) == 1
    # Files that other programs leave may give any name.
    main = directory / "netmon.yaml"
    settings = yaml.safe_load(main.read_text())
    settings["host"] = settings.get("host", {}) | {"textfile_directory": "/var/lib/netmon/text"}
    main.write_text(yaml.safe_dump(settings))
    assert noted(directory, limit("qqq")) == []


def test_in_indonesian() -> None:
    assert check(EXAMPLE, NETMON_LANG="id").output.startswith(f"{EXAMPLE} sudah benar. Lokasi: 3, perangkat: 5")


def test_faults_are_all_told_and_the_exit_code_is_2(tmp_path: Path) -> None:
    directory = prepare("unknown-site", tmp_path)
    result = check(directory, COMMUNITY="public")
    assert result.exit_code == 2
    assert result.output.replace(f"{directory}/", "") == (
        "inventory/core.yaml:6:11: there is no site kominf; did you mean kominfo?\n"
        "inventory/core.yaml:9:11: there is no site elsewhere; define elsewhere below sites: in inventory/, "
        "or use one of: kominfo\n"
        "Faults: 2. Nothing was started.\n"
    )


def test_faults_for_programs(tmp_path: Path) -> None:
    directory = prepare("own-uplink", tmp_path)
    result = check(directory, "--format", "json", COMMUNITY="public")
    assert result.exit_code == 2
    assert json.loads(result.output) == {
        "ok": False,
        "faults": [
            {
                "file": f"{directory}/inventory/core.yaml",
                "line": 7,
                "column": 24,
                "problem": "sw-1 is its own uplink",
                "remedy": "name the device that it is reached through",
            }
        ],
    }


def test_the_effective_configuration_masks_secrets() -> None:
    result = check(EXAMPLE, "--dump")
    assert result.exit_code == 0
    assert "maplesyrup" not in result.output
    main, inventory = yaml.safe_load_all(result.output)
    assert main["credentials"]["default"] == {"version": "v2c", "community": "********"}
    assert [site["name"] for site in inventory["sites"]] == ["kominfo", "setda", "dinkes"]


def test_the_effective_configuration_for_programs() -> None:
    answer = json.loads(check(EXAMPLE, "--dump", "--format", "json").output)
    assert answer["ok"] is True
    assert answer["counts"]["devices"] == 5
    assert answer["settings"]["netmon"]["snmp"]["retries"] == 2
    assert "settings" not in json.loads(check(EXAMPLE, "--format", "json").output)


def test_faults_in_the_language_of_the_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NETMON_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "netmon.yaml").write_text("language: 'id'\nlog: [\n")
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "mine.yaml").write_text("[]")
    result = CliRunner().invoke(command, [str(tmp_path)])
    assert result.exit_code == 2
    assert result.output.endswith("Kesalahan: 2. Tidak ada yang dijalankan.\n")
    assert "netmon.yaml:3:1: ini bukan YAML" in result.output
    assert "mine.yaml:1:1: di sini seharusnya pengaturan kunci: nilai" in result.output


def test_a_file_in_the_directorys_place_is_one_fault(tmp_path: Path) -> None:
    path = tmp_path / "netmon.yaml"
    path.touch()
    assert check(path).output == (
        f"{path}: this is not a directory; give the directory that holds netmon.yaml and inventory/\n"
        "Faults: 1. Nothing was started.\n"
    )


def test_a_directory_that_cannot_be_entered_is_one_fault_for_programs_too(tmp_path: Path) -> None:
    tmp_path.chmod(0)
    if root := os.geteuid() == 0:
        os.seteuid(65_534)  # root may enter everything
    try:
        result = check(tmp_path, "--format", "json")
    finally:
        if root:
            os.seteuid(0)
        tmp_path.chmod(0o700)
    assert result.exit_code == 2
    [fault] = json.loads(result.output)["faults"]
    assert (fault["file"], fault["problem"]) == (str(tmp_path), "cannot be read (Permission denied)")


@pytest.mark.parametrize("arguments", [[], [""], ["a", "b"], [".", "--format", "xml"]])
def test_wrong_usage_is_2_as_well(arguments: list[str]) -> None:
    result = check(*arguments)
    assert result.exit_code == 2
    assert "Usage: " in result.output
