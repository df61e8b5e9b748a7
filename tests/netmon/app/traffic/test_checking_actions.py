"""Actions against attacks, looked at by `netmon check` before an attack is there to show what is wrong."""

import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from exporters.actions.settings import SEARCHED
from netmon.api import ConfigError
from netmon.app.commands.check import command
from netmon.app.settings.traffic import TrafficSettings
from netmon.app.traffic.checking import faults_of
from netmon.app.wiring import load_plan

ALLOWED = {"allow": ["192.0.2.0/24"]}


def wrong(directory: Path, **actions: object) -> list[tuple[str, str]]:
    """Return what is wrong, and what would be right."""
    settings = TrafficSettings.model_validate({"actions": {"enabled": True, **actions}})
    return [(fault.problem, fault.remedy) for fault in faults_of(settings, directory)]


def program(directory: Path, text: bytes, mode: int = 0o755) -> str:
    file = directory / "act"
    file.write_bytes(text)
    file.chmod(mode)
    return str(file)


def of_program(directory: Path, name: str) -> list[tuple[str, str]]:
    return wrong(directory, script={"command": [name, "--now"]})


def noted(directory: Path, actions: Mapping[str, object], **more: object) -> list[str]:
    """Return the notes of `netmon check` on a directory where only this stands."""
    traffic = {"actions": {"enabled": True, **actions}, **more}
    (directory / "netmon.yaml").write_text(yaml.safe_dump({"traffic": traffic}))
    result = CliRunner().invoke(command, [str(directory), "--format", "json"], env={"NETMON_LANG": "en"})
    assert result.exit_code == 0, result.output
    notes: list[str] = json.loads(result.output)["notes"]
    return [note.removeprefix(f"{directory}/") for note in notes]


def refused(monkeypatch: pytest.MonkeyPatch, refused: Path) -> None:
    """Let whoever checks have no right to a path."""
    allowed = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: path != refused and allowed(path, mode))


def test_a_rule_of_an_unknown_name_is_told_at_its_place(tmp_path: Path) -> None:
    (tmp_path / "netmon.yaml").write_text("traffic:\n  actions:\n    rules:\n      - syn_flood\n      - sin_flood\n")
    with pytest.raises(ConfigError) as caught:
        load_plan(tmp_path)
    (fault,) = caught.value.faults
    assert (fault.file, fault.line, fault.column) == (str(tmp_path / "netmon.yaml"), 5, 9)
    assert fault.problem == '"sin_flood" is not one of the choices'
    assert fault.remedy.endswith("(did you mean syn_flood?)")


def test_a_detectors_name_is_no_rule_where_its_findings_have_others(tmp_path: Path) -> None:
    rules = {"rules": ["floods", "port_scan", "beacon"], "announcement": {"file": "/run/netmon-routes/routes"}}
    assert [problem for problem, _ in wrong(tmp_path, **rules)] == ['"floods" is not one of the choices']


@pytest.mark.parametrize("name", ["/nowhere/act", "no-such-program", "", "/etc/passwd/act", "/etc/\0"])
def test_a_program_that_is_not_there(tmp_path: Path, name: str) -> None:
    ((problem, remedy),) = of_program(tmp_path, name)
    assert problem == f"there is no program {json.dumps(name)}"
    assert remedy == f"give its whole path, or a name that is in {SEARCHED}"


@pytest.mark.parametrize(
    ("text", "mode", "problem"),
    [
        (b"#!/bin/sh\ntrue\n", 0o755, None),
        (b"#! /usr/bin/env -S sh -eu\n", 0o755, None),
        (b"\x7fELF\x02\x01\x01\0", 0o755, None),
        (b"#!/bin/sh\n", 0o644, "is not executable"),
        (b"echo hello\n", 0o755, "does not say what runs it, and no shell looks at it"),
        (b"", 0o755, "does not say what runs it, and no shell looks at it"),
        (b"#!/bin/sh\r\ntrue\r\n", 0o755, None),
        (b"#!/usr/bin/pyton3\n", 0o755, 'is to be run by "/usr/bin/pyton3", which is not there'),
        (b"#!\n", 0o755, 'is to be run by "", which is not there'),
    ],
)
def test_a_program_that_cannot_be_run(tmp_path: Path, text: bytes, mode: int, problem: str | None) -> None:
    name = program(tmp_path, text, mode)
    assert [told for told, _ in of_program(tmp_path, name)] == ([] if problem is None else [f"{name} {problem}"])


def test_a_program_is_found_where_it_will_be_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert of_program(tmp_path, "sh") == []
    name = program(tmp_path, b"#!/bin/sh\n")
    monkeypatch.setenv("PATH", str(tmp_path))  # ours, and not the program's
    assert [problem for problem, _ in of_program(tmp_path, "act")] == ['there is no program "act"']
    assert of_program(tmp_path, str(tmp_path)) == [
        (f"{tmp_path} is no file that can be run", "give the path of a program")
    ]
    monkeypatch.chdir(tmp_path)
    assert of_program(tmp_path, "./act") == [("./act depends on where netmon is started", "give its whole path")]
    assert of_program(tmp_path, name) == []


def test_an_announcement_needs_a_file_in_a_directory(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    assert [problem for problem, _ in wrong(tmp_path, announcement={"file": tmp_path})] == [
        f"{tmp_path} is a directory"
    ]
    assert [problem for problem, _ in wrong(tmp_path, announcement={"file": file / "routes"})] == [
        f"{file} is not a directory"
    ]
    assert wrong(tmp_path, announcement={"file": file}) == []


def test_what_is_switched_off_is_not_looked_at(tmp_path: Path) -> None:
    assert wrong(tmp_path, enabled=False, script={"command": ["/nowhere/act"]}) == []
    (tmp_path / "netmon.yaml").write_text("traffic: {actions: {announcement: {file: /nowhere/routes}}}\n")
    result = CliRunner().invoke(command, [str(tmp_path), "--format", "json"])
    assert json.loads(result.output)["notes"] == []


def test_a_directory_that_is_not_there_yet_or_cannot_be_written_to_is_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    routes = tmp_path / "routes"
    actions = {**ALLOWED, "announcement": {"file": str(routes / "routes")}}
    (note,) = noted(tmp_path, actions)
    assert note.startswith(f"netmon.yaml:6:13: there is no directory {routes}; make it before the start")
    routes.mkdir()
    assert noted(tmp_path, actions) == []
    refused(monkeypatch, routes)  # in root's place: root may write anywhere
    (note,) = noted(tmp_path, actions)
    assert f"{routes} cannot be written to by the user who checks" in note


def test_a_program_that_others_may_run_is_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = program(tmp_path, b"#!/bin/sh\n", stat.S_IRUSR | stat.S_IXGRP)
    actions = {**ALLOWED, "script": {"command": [name]}}
    refused(monkeypatch, Path(name))
    (note,) = noted(tmp_path, actions)
    assert f"{name} cannot be run by the user who checks" in note


def test_what_may_never_be_cut_off_is_not_to_hold_all_that_may_be(tmp_path: Path) -> None:
    actions = {"announcement": {"file": str(tmp_path / "routes")}, "allow": ["192.0.2.0/24", "2001:db8::/32"]}
    assert noted(tmp_path, {**actions, "never": ["192.0.2.53/32", "198.51.100.0/24", "fc00::/7"]}) == []
    (note,) = noted(tmp_path, {**actions, "never": ["192.0.2.53/32", "0.0.0.0/0"]})
    assert "no victim of IPv4 may be cut off: 0.0.0.0/0 in never holds all that are allowed" in note
    assert len(noted(tmp_path, {**actions, "never": ["0.0.0.0/0", "::/0"]})) == 2


def test_actions_that_nothing_can_lead_to_are_noted(tmp_path: Path) -> None:
    announcement = {"file": str(tmp_path / "routes")}
    (note,) = noted(tmp_path, {"announcement": announcement})
    assert note.startswith("netmon.yaml:2:3: nobody may be cut off: nothing is in allow")
    (tmp_path / "inventory").mkdir()
    prefix: dict[str, Any] = {"prefix": "192.0.2.0/24", "title": "Servers", "protected": True}
    (tmp_path / "inventory" / "prefixes.yaml").write_text(yaml.safe_dump({"prefixes": [prefix]}))
    assert noted(tmp_path, {"announcement": announcement}) == []
    detectors = {"floods": {"udp_flood": {"enabled": False}}, "scans": {"enabled": False}}
    rules = {"announcement": announcement, "rules": ["syn_flood", "udp_flood", "port_scan"]}
    told = noted(tmp_path, rules, detectors=detectors)
    assert [note.split(": ", 1)[1].split(";")[0] for note in told] == [
        "nothing looks for udp_flood: traffic.detectors.floods.udp_flood is switched off",
        "nothing looks for port_scan: traffic.detectors.scans is switched off",
    ]
