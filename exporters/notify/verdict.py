"""What a failed delivery means, from what apprise says of it. Pure.

apprise answers yes or no; the reason stands only in its log. Nothing of that log is passed on but numbers: it may hold
URLs, and with them passwords.
"""

import re
from collections.abc import Iterable
from typing import Final

from netmon.api import Rejected, Retryable

_HTTP: Final = re.compile(r"\berror=(\d{3})\b")
_SMTP: Final = re.compile(r"\((\d{3}), b['\"]")  # smtplib's errors, as text
_TLS: Final = re.compile(r"certificate verify failed|SSLError|SSLCertVerificationError|TLS|SSL", re.IGNORECASE)
_REFUSED: Final = re.compile(r"Connection refused|ECONNREFUSED|NewConnectionError")
_NO_NAME: Final = re.compile(r"Name or service not known|NameResolutionError|getaddrinfo|Temporary failure in name")
_SLOW: Final = re.compile(r"timed out|timeout", re.IGNORECASE)

# RFC 9110: these answers ask to come back; every other 4xx says that the request itself is wrong.
_COME_BACK: Final = frozenset({408, 425, 429})


def verdict(said: Iterable[str]) -> Retryable | Rejected:
    """Return what a failure comes to: worth another attempt or not, in words that hold no secret."""
    text = "\n".join(said)
    if codes := [int(code) for code in _HTTP.findall(text) if code[0] in "345"]:
        return _by_http(codes[-1])
    if codes := [int(code) for code in _SMTP.findall(text)]:
        code = max(codes)
        problem = f"the mail server answered {code}"
        return Rejected(problem) if code >= 500 else Retryable(problem)  # RFC 5321 section 4.2.1
    for pattern, problem in (
        (_REFUSED, "the connection was refused"),
        (_NO_NAME, "the name of the service has no address"),
        (_SLOW, "the service did not answer in time"),
        (_TLS, "the TLS connection failed"),
    ):
        if pattern.search(text):
            return Retryable(problem)
    return Retryable("the service did not take it")


def _by_http(code: int) -> Retryable | Rejected:
    problem = f"the service answered {code}"
    if 400 <= code < 500 and code not in _COME_BACK:
        return Rejected(problem)
    return Retryable(problem)
