"""The core's sentences are known by their reason: one that is changed there without being changed here is found."""

import ast
from pathlib import Path

import pytest

import netmon.core.alerts.actions
import netmon.core.alerts.matchers
import netmon.core.desk
import netmon.core.intake
from exporters.api.refusals import reason_of

_KINDS = {"Invalid", "Unavailable", "Unrecorded"}
_MODULES = (netmon.core.alerts.actions, netmon.core.alerts.matchers, netmon.core.desk, netmon.core.intake)


def sentences() -> list[str]:
    """Return what these modules refuse with, `7` for what is filled in."""
    files = [Path(str(module.__file__)) for module in _MODULES]
    nodes = [node for file in files for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))]
    calls = [node for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    return [_filled(call.args[0]) for call in calls if isinstance(call.func, ast.Name) and call.func.id in _KINDS]


def _filled(text: ast.expr) -> str:
    if isinstance(text, ast.JoinedStr):
        return "".join(str(each.value) if isinstance(each, ast.Constant) else "7" for each in text.values)
    assert isinstance(text, ast.Constant)
    return str(text.value)


@pytest.mark.parametrize("sentence", sentences())
def test_every_refusal_of_the_core_has_a_reason(sentence: str) -> None:
    assert reason_of(sentence)[0]


def test_what_is_filled_in_is_told() -> None:
    assert reason_of("the pattern for site does not compile (RE2 syntax): missing ): (") == (
        "pattern",
        {"name": "site", "problem": "missing ): ("},
    )
    assert reason_of("something new") == ("", {})
