"""Alerts of the demonstration: raised on its ring, told to people in their languages, taken in hand, recorded."""

import asyncio
import getpass
import io
import os
import re
import signal
from pathlib import Path

import pytest
from rich.console import Console

from netmon.demo import run as demo_run
from netmon.demo.prometheus import Prometheus
from tests.support import demo
from tests.support.command import netmon
from tests.support.waiting import eventually


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETMON_LANG", "en")
    monkeypatch.setattr(Prometheus, "installed", staticmethod(lambda: False))


def quick(directory: Path) -> Path:
    """Copy the configuration with free ports and steps that follow each other within seconds."""
    main = demo.moved(directory) / "netmon.yaml"
    text = main.read_text("utf-8")
    for slow, fast in (("after_s: 30", "after_s: 2"), ("group_wait_s: 3", "group_wait_s: 0.5")):
        assert slow in text
        text = text.replace(slow, fast)
    main.write_text(text, "utf-8")
    return directory


async def test_alerts_reach_people_and_one_is_taken_in_hand(tmp_path: Path) -> None:
    directory, state = quick(tmp_path / "demo"), tmp_path / "state"
    output = io.StringIO()

    def says(*wanted: str) -> bool:
        return all(re.search(pattern, output.getvalue()) for pattern in wanted)

    async def ask(*words: str) -> str:
        done = await asyncio.to_thread(netmon, *words, "--config", directory, NETMON_STATE_DIR=str(state))
        assert done.returncode == 0, done.stderr
        return done.stdout

    running = asyncio.create_task(
        demo_run.run(60, directory=directory, state=state, console=Console(file=output, width=200))
    )
    try:
        await eventually(lambda: running.done() or says(r"lost its mains power \(I\d+\)"), 30)
        assert not running.done(), output.getvalue()
        incident = re.search(r"lost its mains power \((I\d+)\)", output.getvalue())
        assert incident is not None
        assert "ups-kominfo runs on battery" in await ask("alerts")
        assert "in hand" in await ask("ack", incident[1], "--note", "on my way")
        actions = await ask("events", "--kind", "action")
        assert re.search(rf"acknowledge.*{incident[1]}", actions), actions
        assert "on my way" in actions
        await eventually(lambda: says(r"siti .*pada acc-dinkes mati", r"grace .*of acc-dinkes is down"), 15)
    finally:
        if not running.done():
            os.kill(os.getpid(), signal.SIGTERM)
        code = await asyncio.wait_for(running, 30)
    assert code == 0, output.getvalue()
    assert says(rf"{incident[1]}: {getpass.getuser()}", r"\(.*: on my way\)", r"good: nothing was changed")
    assert says(r"siti: [1-9]", r"grace: [1-9]"), output.getvalue()
    await the_next_run_is_not_confused(directory, state)


async def the_next_run_is_not_confused(directory: Path, state: Path) -> None:
    output = io.StringIO()
    code = await demo_run.run(3, directory=directory, state=state, console=Console(file=output, width=200))
    text = output.getvalue()
    assert code == 0, text
    assert "No alert fired." in text
    assert "(I1)" not in text
    found = await asyncio.to_thread(
        netmon, "events", "--kind", "action", "--config", directory, NETMON_STATE_DIR=str(state), COLUMNS="250"
    )
    assert "an earlier demonstration ended" in found.stdout
