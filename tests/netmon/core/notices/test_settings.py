"""What may stand in section `notify`, and what is said of what may not."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from netmon.app.texts.said import in_indonesian
from netmon.core.notices.settings import NotifySettings

MAIL = {"channels": {"email": {"url": "mailto://user:secret@mail"}}}
ANDI = {"people": {"andi": MAIL}}
STEP = {"notify": "person:andi"}
ROTA = {"people": ["andi"], "start": "2026-01-05"}


def build(data: dict[str, Any]) -> NotifySettings:
    return NotifySettings.model_validate(data)


def test_without_anything_nobody_is_told() -> None:
    assert build({}).people == {}


def test_a_whole_section() -> None:
    made = build(
        {
            "timezone": "Asia/Makassar",
            "people": {
                "andi": {"language": "id", "timezone": "Asia/Jayapura", **MAIL},
                "budi": MAIL | {"limits": {"max_messages": 5, "max_critical": 5}},
            },
            "oncall": {"noc": {"people": ["andi", "budi"], "start": "2026-01-05"}},
            "routes": [
                {
                    "name": "night",
                    "match": {"severity": ["error", "critical"], "site": "kota", "matchers": ['alertname!="x"']},
                    "steps": [
                        {"notify": ["oncall:noc"]},
                        {"after_s": 600, "notify": ["person:budi"], "channels": "email"},
                    ],
                    "continue": True,
                },
                {"steps": [{"notify": "oncall:noc"}], "digest": True},
            ],
            "fallback": "person:budi",
        }
    )
    assert [name for name, _ in made.named_routes()] == ["night", "2"]
    assert (made.zone_of("andi"), made.zone_of("budi")) == ("Asia/Jayapura", "Asia/Makassar")
    assert made.limits_of("budi").max_messages == 5
    assert made.limits_of("andi").max_messages == 10
    assert made.urls()["andi", "email"].get_secret_value() == "mailto://user:secret@mail"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (ANDI, "people are here and no routes, so nobody is told anything; add routes"),
        (
            ANDI | {"routes": [{"steps": [{"notify": ["person:andi", "person:dewi"]}]}]},
            "routes name people that are not there ('dewi' in route 1, step 1); there are andi",
        ),
        (
            ANDI | {"routes": [{"steps": [STEP, {"after_s": 60, "notify": "oncall:noc"}], "name": "x"}]},
            "routes name rotas that are not there ('noc' in route x, step 2); there are none yet",
        ),
        (
            ANDI | {"routes": [{"steps": [STEP]}], "fallback": "person:x"},
            "fallback names people that are not there ('x' in fallback); there are andi",
        ),
        (
            ANDI | {"routes": [{"steps": [STEP]}], "oncall": {"noc": ROTA | {"people": ["andi", "x"]}}},
            "oncall names people that are not there ('x' in noc); there are andi",
        ),
        (
            ANDI | {"routes": [{"steps": [{"after_s": 300, **STEP}]}]},
            "steps begin after 300 s, and nobody is told before; give the first after_s: 0",
        ),
        (
            ANDI | {"routes": [{"steps": [STEP, {"after_s": 900, **STEP}, {"after_s": 900, **STEP}]}]},
            "steps go from 900 s to 900 s; each after_s is above the one before",
        ),
        (
            ANDI | {"routes": [{"steps": [{"channels": "telegram", **STEP}]}]},
            "routes want andi to be told by telegram (route 1, step 1), and there is no URL for it; andi has email",
        ),
        (
            ANDI | {"routes": [{"name": "a", "steps": [STEP]}, {"name": "a", "steps": [STEP]}]},
            "routes have a name more than once (a); give each its own",
        ),
        (ANDI | {"routes": [{"steps": [STEP], "repeat_s": 5}]}, "repeat_s is below a minute; write at least 60, or 0"),
        (ANDI | {"routes": [{"steps": [{"notify": "andi"}]}]}, "'andi' names no recipient; write person:NAME or"),
        (
            ANDI | {"routes": [{"steps": [STEP], "match": {"matchers": "instance=~(a"}}]},
            "'(a' is no regular expression of RE2 (missing ): (a); correct it",
        ),
        (
            ANDI | {"routes": [{"steps": [STEP], "match": {"matchers": "instance"}}]},
            '\'instance\' is no matcher; write it as in instance="sw-1" or instance=~"sw-.*"',
        ),
        ({"digest": {"at": ["7:00"]}}, "'7:00' is no time of day; write it as in 07:00"),
        (
            {"limits": {"max_messages": 30}},
            "max_critical is below max_messages; critical incidents need at least as many",
        ),
        (
            {"people": {"an di": MAIL}},
            "'an di' cannot be a name here; write up to 64 letters, digits, '.', '_' and '-'",
        ),
        ({"people": {"andi": {"channels": {}}}}, "at least 1 item"),
        ({"people": {"andi": {"channels": {"email": {}}}}}, "url"),
    ],
)
def test_what_makes_no_sense_is_refused(data: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        build(data)
    assert said in str(caught.value)
    for error in caught.value.errors():
        if error["type"] == "value_error":
            problem, remedy = in_indonesian(error["msg"].partition(", ")[2]) or ("", "")
            assert problem
            assert remedy


def test_no_error_and_no_dump_shows_a_url() -> None:
    with pytest.raises(ValidationError) as caught:
        build({"people": {"andi": {"channels": {"email": {"url": "mailto://user:secret@mail", "port": 1}}}}})
    assert "secret" not in str(caught.value)
    assert "secret" not in repr(build(ANDI | {"routes": [{"steps": [STEP]}]}))


def test_what_the_page_shows_is_right() -> None:
    page = Path("docs/notifications.md").read_text(encoding="utf-8")
    example = re.search(r"```yaml\nnotify:\n(.*?)```", page, re.DOTALL)
    assert example is not None
    made = build(yaml.safe_load("notify:\n" + example[1].replace("url_file:", "url:"))["notify"])
    assert [name for name, _ in made.named_routes()] == ["urgent", "rest"]
    message = re.search(r"```\n(\[KRITIS\].*?)…", page, re.DOTALL)
    assert message is not None
    assert (Path("tests/data/notices/opened.id.txt").read_text(encoding="utf-8")).startswith(message[1])
