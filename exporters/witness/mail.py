"""A letter with the checkpoint, by any of apprise's services; meant for e-mail to an auditor, once a day."""

import asyncio
import logging
import re
import threading
import warnings
from collections import deque
from typing import Any, Final

from exporters.witness.settings import MailWitness
from netmon.api import Rejected, Retryable

_BODY = """\
This is a checkpoint of netmon's ledger. Keep it: with it, anybody can prove later that the records up to now were not
changed. Ini adalah checkpoint buku besar netmon. Simpanlah: dengan ini siapa pun dapat membuktikan bahwa catatan sampai
saat ini tidak diubah.

netmon ledger verify --checkpoint FILE

{note}"""


_MAX_LINES: Final = 200  # of one delivery; the newest say how it ended
_MAX_CHARS: Final = 2_000  # of one line
_HTTP: Final = re.compile(r"\berror=([45]\d\d)\b")
_SMTP: Final = re.compile(r"\((\d{3}), b['\"]")  # smtplib's errors, as text
_LATER: Final = {408, 425, 429}  # RFC 9110: come back; every other 4xx of HTTP is for good, and 5xx of SMTP (RFC 5321)
_AWAY: Final = {
    r"Connection refused|NewConnectionError": "the connection was refused",
    r"Name or service not known|NameResolutionError|getaddrinfo|Temporary failure in name": "its name has no address",
    r"timed out|timeout": "it did not answer in time",
    r"certificate verify failed|SSL|TLS": "the TLS connection failed",
}


def refusal(said: str) -> Retryable | Rejected:
    """Return what a letter that was not taken comes to. Of apprise's words only numbers pass: they hold URLs."""
    http = [int(code) for code in _HTTP.findall(said)]
    smtp = [int(code) for code in _SMTP.findall(said)]
    if http:
        good = http[-1] >= 500 or http[-1] in _LATER
        return (Retryable if good else Rejected)(f"the service answered {http[-1]}")
    if smtp:
        return (Rejected if max(smtp) >= 500 else Retryable)(f"the mail server answered {max(smtp)}")
    away = (words for pattern, words in _AWAY.items() if re.search(pattern, said, re.IGNORECASE))
    return Retryable(f"the service did not take it: {next(away, 'apprise does not say why')}")


class Ear(logging.Handler):
    """Hears what apprise logs in the thread that listens. It may stand beside another one, and lets nothing out."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self._here = threading.local()

    def listen(self) -> deque[str]:
        """Begin anew in this thread, and return what fills with the newest lines."""
        logger = logging.getLogger("apprise")
        if self not in logger.handlers:
            logger.addHandler(self)
        logger.propagate = False  # its lines hold URLs, and so passwords
        logger.setLevel(logging.DEBUG)
        for name in ("urllib3", "requests"):
            logging.getLogger(name).setLevel(logging.WARNING)
        self._here.said = said = deque[str](maxlen=_MAX_LINES)
        return said

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line if this thread listens."""
        said: deque[str] | None = getattr(self._here, "said", None)
        if said is not None:
            said.append(record.getMessage()[:_MAX_CHARS])


class Mail:
    """Sends each checkpoint as plain text."""

    def __init__(self, settings: MailWitness) -> None:
        self.name = settings.name
        self.interval_s = settings.interval_s
        self._settings = settings
        self._service: Any = None
        self._ear = Ear()

    async def publish(self, note: bytes, time: float) -> None:
        """Send the checkpoint; return when the service has taken it. Raises Retryable or Rejected."""
        del time
        try:
            async with asyncio.timeout(2 * self._settings.timeout_s):
                await asyncio.to_thread(self._send, note.decode())
        except TimeoutError:
            raise Retryable(f"the service did not take it within {2 * self._settings.timeout_s:g} s") from None

    def _send(self, note: str) -> None:
        if self._service is None:
            self._service = self._load()
        origin, size = note.split("\n")[:2]
        title = f"Checkpoint {origin}: {size}"
        said = self._ear.listen()
        try:
            taken = self._service.notify(title=title, body=_BODY.format(note=note), body_format="text")
        except Exception as error:  # noqa: BLE001 - whatever a plug-in raises; its words may hold the URL
            raise Retryable(f"apprise failed: {type(error).__name__}") from None
        if not taken:
            raise refusal("\n".join(said))

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
