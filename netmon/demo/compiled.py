"""Compiles the loops of traffic before anything needs them: in a process of its own, so that nothing else waits."""

import asyncio
import sys
from collections.abc import Callable
from typing import Final

from netmon.app.traffic.compiling import stamp
from netmon.app.traffic.needs import needs_traffic

_WARM: Final = "from netmon.app.traffic.compiling import compile_all; compile_all()"


async def compile_once(say: Callable[[], None]) -> None:
    """Compile what is not compiled yet; `say` is called first where that takes long. ConfigError without the packages.

    What fails here fails again, with its reason, where it is used.
    """
    needs_traffic()
    if await asyncio.to_thread(stamp().exists):
        return
    say()
    silent = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _WARM, stdin=silent, stdout=silent, stderr=silent
    )
    try:
        if await process.wait() == 0:
            await asyncio.to_thread(stamp().touch)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
