"""A letter with the checkpoint, by any of apprise's services; meant for e-mail to an auditor, once a day."""

import asyncio
import warnings
from typing import Any

from exporters.witness.settings import MailWitness
from netmon.api import Rejected, Retryable

_BODY = """\
This is a checkpoint of netmon's ledger. Keep it: with it, anybody can prove later that the records up to now were not
changed. Ini adalah checkpoint buku besar netmon. Simpanlah: dengan ini siapa pun dapat membuktikan bahwa catatan sampai
saat ini tidak diubah.

netmon ledger verify --checkpoint FILE

{note}"""


class Mail:
    """Sends each checkpoint as plain text."""

    def __init__(self, settings: MailWitness) -> None:
        self.name = settings.name
        self.interval_s = settings.interval_s
        self._settings = settings
        self._service: Any = None

    async def publish(self, note: bytes, time: float) -> None:
        """Send the checkpoint; return when the service has taken it. Raises Retryable or Rejected."""
        del time
        try:
            async with asyncio.timeout(2 * self._settings.timeout_s):
                taken = await asyncio.to_thread(self._send, note.decode())
        except TimeoutError:
            raise Retryable(f"the service did not take it within {2 * self._settings.timeout_s:g} s") from None
        if not taken:
            raise Retryable("the service did not take it; apprise's log says why")

    def _send(self, note: str) -> bool:
        if self._service is None:
            self._service = self._load()
        origin, size = note.split("\n")[:2]
        title = f"Checkpoint {origin}: {size}"
        try:
            return bool(self._service.notify(title=title, body=_BODY.format(note=note), body_format="text"))
        except Exception as error:  # noqa: BLE001 - whatever a plug-in raises; its words may hold the URL
            raise Retryable(f"apprise failed: {type(error).__name__}") from None

    def _load(self) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # what its plug-ins import is not ours to mend
            import apprise  # noqa: PLC0415 - 20 MB and a quarter of a second

            asset = apprise.AppriseAsset(app_id="netmon", app_desc="netmon", app_url="", async_mode=False)
            service = apprise.Apprise.instantiate(self._settings.apprise_url.get_secret_value(), asset=asset)
        if not isinstance(service, apprise.NotifyBase):
            raise Rejected("apprise does not understand this URL")
        service.socket_connect_timeout = service.socket_read_timeout = self._settings.timeout_s
        return service
