"""A URL to which checkpoints are posted."""

import ssl

import httpx

from exporters.witness.settings import WebhookWitness
from netmon.api import Rejected, Retryable

_LATER = {408, 425, 429}  # and all of 5xx: the same may be taken another time


class Webhook:
    """Posts each checkpoint as text/plain, as it was signed."""

    def __init__(self, settings: WebhookWitness) -> None:
        self.name = settings.name
        self.interval_s = settings.interval_s
        self._settings = settings

    async def publish(self, note: bytes, time: float) -> None:
        """Post the checkpoint. Raises Retryable, or Rejected where the answer says that it will never be taken."""
        del time  # the signature is over the note; when it came is for the other side to note
        headers = {"content-type": "text/plain; charset=utf-8", "user-agent": "netmon"}
        token = self._settings.bearer_token
        if token is not None:
            headers["authorization"] = f"Bearer {token.get_secret_value()}"
        try:
            async with httpx.AsyncClient(
                verify=self._context(), timeout=self._settings.timeout_s, trust_env=False
            ) as client:
                answer = await client.post(self._settings.url, content=note, headers=headers)
        except httpx.TimeoutException:
            raise Retryable(f"no answer within {self._settings.timeout_s:g} s") from None
        except httpx.HTTPError as error:
            raise Retryable(f"{type(error).__name__}: {error}") from None
        _judge(answer)

    def _context(self) -> ssl.SSLContext:
        """Return what verifies the other side; read anew each time, so that a renewed file is taken up."""
        try:
            return ssl.create_default_context(cafile=self._settings.ca_file)
        except (OSError, ssl.SSLError) as error:
            raise Rejected(f"{self._settings.ca_file} cannot be used: {error}") from None


def _judge(answer: httpx.Response) -> None:
    """Return when the checkpoint was taken."""
    if answer.is_success:
        return
    problem = f"the answer was {answer.status_code} {answer.reason_phrase}"
    if answer.status_code in _LATER or answer.is_server_error:
        after = answer.headers.get("retry-after", "")
        raise Retryable(problem, float(after) if after.isascii() and after.isdigit() else None)
    raise Rejected(problem)
