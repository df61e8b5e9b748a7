"""What a failure is taken to be, from what the library says of it."""

import pytest

from exporters.notify.verdict import verdict
from netmon.api import Rejected, Retryable


@pytest.mark.parametrize(
    ("said", "kind", "problem"),
    [
        ("Failed to send JSON POST notification: error=500.", Retryable, "the service answered 500"),
        ("Failed to send Telegram notification: Bad Request, error=400.", Rejected, "the service answered 400"),
        ("… error=429.", Retryable, "the service answered 429"),
        ("Socket Exception: (535, b'authentication failed')", Rejected, "the mail server answered 535"),
        ("Socket Exception: {'a@b': (451, b'later'), 'c@d': (550, b'no')}", Rejected, "the mail server answered 550"),
        ("Socket Exception: [Errno 111] Connection refused", Retryable, "the connection was refused"),
        ("Socket Exception: [Errno -2] Name or service not known", Retryable, "the name of the service has no address"),
        ("Socket Exception: Read timed out. (read timeout=4.0)", Retryable, "the service did not answer in time"),
        ("SSLError(SSLCertVerificationError(1, ...))", Retryable, "the TLS connection failed"),
        ("tgram://secret/ is odd", Retryable, "the service did not take it"),
        ("", Retryable, "the service did not take it"),
    ],
)
def test_verdict(said: str, kind: type[Exception], problem: str) -> None:
    found = verdict([said])
    assert type(found) is kind
    assert str(found) == problem
