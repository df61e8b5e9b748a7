"""Being told to stop, from a command's first moment on: opening and compiling take a while."""

import asyncio
import signal


class Stop:
    """Whether we were told to stop; made before anything that takes time."""

    def __init__(self) -> None:
        self._asked = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._ask)

    def _ask(self, number: int, frame: object) -> None:
        del number, frame
        self._asked = True

    async def wait(self) -> None:
        """Return when SIGINT or SIGTERM comes, or came already."""
        stopping = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stopping.set)
        if not self._asked:
            await stopping.wait()
