import string

import pytest

from netmon.app.text import language, speak, speaking, t
from netmon.app.texts import TABLES

ALL = {key: text for table in TABLES for key, text in table.items()}


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("key", ALL)
def test_both_languages_are_there_with_the_same_placeholders(key: str) -> None:
    text = ALL[key]
    assert text.en.strip()
    assert text.id.strip()
    assert placeholders(text.en) == placeholders(text.id)


def test_no_key_stands_in_two_tables() -> None:
    assert sum(len(table) for table in TABLES) == len(ALL)


@pytest.fixture
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NETMON_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("_nothing_set")
@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "en"),
        ({"LANG": "C"}, "en"),
        ({"LANG": "id_ID.UTF-8"}, "id"),
        ({"LANG": "id"}, "id"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "id_ID.UTF-8", "LC_ALL": "C.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "id_ID"}, "id"),
        ({"NETMON_LANG": "id", "LC_ALL": "en_US"}, "id"),
        ({"NETMON_LANG": "nonsense", "LANG": "id"}, "id"),
    ],
)
def test_the_environment_chooses(environment: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert language() == expected


@pytest.mark.usefixtures("_nothing_set")
def test_the_settings_language_comes_before_the_locale_and_after_netmon_lang(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    with speaking("id"):
        assert t("check.summary", **dict.fromkeys(placeholders(ALL["check.summary"].en), 1)).startswith("Lokasi: 1")
        with speaking(None):
            assert language() == "id"
        monkeypatch.setenv("NETMON_LANG", "en")
        assert language() == "en"
        monkeypatch.delenv("NETMON_LANG")
    assert language() == "en"
    with speaking("en"):
        speak("id")
        assert language() == "id"
    assert language() == "en"
