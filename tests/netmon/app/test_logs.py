import json
import logging
import re
from collections.abc import Iterator

import pytest
import structlog
from prometheus_client import CollectorRegistry

from netmon.app import logs


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def test_json_is_one_object_a_line_with_the_traceback_inside(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("json", "info")
    try:
        json.loads("no JSON\nin two lines")
    except ValueError:
        structlog.get_logger("x").exception("it broke", target="sw-1")
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    said = json.loads(lines[0])
    assert (said["event"], said["level"], said["target"]) == ("it broke", "error", "sw-1")
    assert "JSONDecodeError" in said["exception"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", said["timestamp"])


def test_logfmt_quotes_what_needs_it_and_takes_in_what_libraries_say(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("logfmt", "info")
    structlog.get_logger("x").info("started", directory="/etc/with space")
    logging.getLogger("some.library").warning("it says %s", "so")
    first, second = capsys.readouterr().err.splitlines()
    assert 'level=info event=started directory="/etc/with space"' in first
    assert 'level=warning event="it says so"' in second


def test_levels_below_are_held_back(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("logfmt", "warning")
    structlog.get_logger("x").info("quiet")
    structlog.get_logger("x").warning("loud")
    assert [line.split("event=")[1] for line in capsys.readouterr().err.splitlines()] == ["loud"]


def test_auto_is_logfmt_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("auto", "info")
    structlog.get_logger("x").info("hello")
    assert "level=info event=hello" in capsys.readouterr().err


def test_repeats_come_once_a_minute_with_their_count_and_are_all_counted(capsys: pytest.CaptureFixture[str]) -> None:
    now = [1000.0]
    registry = CollectorRegistry()
    logs.configure("logfmt", "info", logs.Repeats(registry, lambda: now[0]))
    log = structlog.get_logger("x")
    for _ in range(5):
        log.warning("target does not answer", target="a")
    log.warning("target does not answer", target="b")
    log.info("target does not answer", target="a")
    now[0] += logs.REPEAT_WINDOW_S
    log.warning("target does not answer", target="a")
    said = capsys.readouterr().err.splitlines()
    assert [("target=a" in line, "repeated=4" in line) for line in said] == [
        (True, False),
        (False, False),
        (True, False),
        (True, True),
    ]
    assert registry.get_sample_value("netmon_log_messages_total", {"level": "warning"}) == 7


def test_what_is_remembered_of_repeats_is_capped() -> None:
    repeats = logs.Repeats(CollectorRegistry(), lambda: 0.0)
    for number in range(logs.REPEAT_KEYS_MAX + 10):
        repeats(None, "warning", {"event": "e", "target": str(number)})
    assert len(repeats._seen) <= logs.REPEAT_KEYS_MAX


def test_a_repeat_that_a_library_logs_is_held_back_without_reaching_the_library(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.configure("logfmt", "info", logs.Repeats(CollectorRegistry(), lambda: 0.0))
    for _ in range(3):
        logging.getLogger("some.library").warning("it says so")
    assert capsys.readouterr().err.count("it says so") == 1


def test_findings_that_are_told_in_the_same_words_are_not_repeats_of_each_other(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.configure("logfmt", "info", logs.Repeats(CollectorRegistry(), lambda: 1000.0))
    log = structlog.get_logger("x")
    for finding in ("syn_flood/a", "syn_flood/b", "syn_flood/a"):
        log.warning("an attack is not acted on", target="office", finding=finding)
    for action in ("begin", "end"):
        log.warning("an action's program failed", finding="syn_flood/a", action=action)
    assert len(capsys.readouterr().err.splitlines()) == 4
