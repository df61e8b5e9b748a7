"""When what is going on is kept: a core that is killed again and again must not read the whole ledger each time."""

from pathlib import Path

import pytest

from netmon.core import core as module
from tests.support.core import Bench, finding
from tests.support.waiting import eventually


@pytest.mark.parametrize(("many", "kept"), [(1, True), (1_000, False)])
async def test_a_start_that_read_much_keeps_what_it_learned_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, many: int, kept: bool
) -> None:
    monkeypatch.setattr(module, "_REPLAY_MANY", many)
    bench, looks = Bench(tmp_path), list[float]()
    async with bench.core() as core:
        await core.take("p-00000000", [(1, finding())])
    snapshot = tmp_path / "core.json"
    snapshot.unlink()
    async with bench.core() as core:
        look = core.minder.look

        async def counted(now: float, monotonic: float) -> None:
            looks.append(now)
            await look(now, monotonic)

        monkeypatch.setattr(core.minder, "look", counted)
        await eventually(lambda: len(looks) >= 2)
        if kept:
            await eventually(snapshot.exists)
        assert snapshot.exists() is kept
