"""The names of findings that settings choose among are those that the detectors give."""

import re
from pathlib import Path

import numpy as np
import pytest

from netmon.api.networks import Networks
from netmon.app.catalog import TRAFFIC_RULES
from netmon.app.traffic.findings import by_name
from rules.traffic.episode import RUNBOOKS
from rules.traffic.floods.rule import Floods
from rules.traffic.floods.settings import FloodSettings
from tests.rules.traffic.floods.attacks import run, syn_flood


def test_the_names_are_those_that_the_detectors_give() -> None:
    theirs: dict[str, str] = {}
    for listing in TRAFFIC_RULES:
        detector = listing.load()
        assert getattr(detector, "name", None) == listing.name
        theirs |= dict.fromkeys(getattr(detector, "rules", (listing.name,)), listing.name)
    assert by_name() == theirs


def test_floods_have_the_names_of_their_detectors() -> None:
    floods = Floods(FloodSettings(), Networks([]))
    names = [each.name for each in floods._detectors]
    assert sorted([*names, floods._carpet.name, floods._outbound.name, floods._held.name]) == sorted(floods.rules)


@pytest.mark.parametrize("page", [RUNBOOKS, RUNBOOKS.replace(".md", ".id.md")])
def test_every_finding_has_a_chapter_that_says_what_to_do(page: str) -> None:
    text = Path(page).read_text(encoding="utf-8")
    chapters = re.findall(r"^## (\w+)$", text, re.MULTILINE)
    assert chapters == list(dict.fromkeys(chapters))
    assert set(chapters) == set(by_name())
    parts = ("Means", "Look at", "Do") if page == RUNBOOKS else ("Arti", "Periksa", "Lakukan")
    for name, chapter in zip(chapters, re.split(r"^## \w+$", text, flags=re.MULTILINE)[1:], strict=True):
        assert re.findall(r"^\*\*([\w ]+)\.\*\*", chapter, re.MULTILINE) == list(parts), name


@pytest.mark.parametrize("page", [RUNBOOKS, RUNBOOKS.replace(".md", ".id.md")])
def test_what_runbooks_name_of_the_evidence_and_the_settings_is_there(page: str) -> None:
    code = " ".join(
        path.read_text(encoding="utf-8")
        for folder in ("rules/traffic", "netmon/app/traffic", "netmon/app/settings")
        for path in Path(folder).rglob("*.py")
    )
    known = set(re.findall(r"\w+", code))
    named = re.findall(r"`([a-z]+(?:_[a-z]+)+)(?:\.([a-z_]+))?`", Path(page).read_text(encoding="utf-8"))
    assert len(named) > 40
    assert {word for pair in named for word in pair if word} - known == set()


def test_a_finding_points_to_its_chapter() -> None:
    draw = np.random.default_rng(3)
    assert {one.runbook for one in run([syn_flood(draw)])} == {f"{RUNBOOKS}#syn_flood"}
