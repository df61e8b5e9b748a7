"""What a body must be before anybody reads it: from somebody who may send one, JSON by its type, and not too large.

A form in a web page of somebody else can send any body but cannot name it JSON without asking first (CORS), and we
answer no such questions: so a browser that knows a password cannot be made to act.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from exporters.api.callers import caller_of
from exporters.api.problems import ProblemError, answer, forbidden
from exporters.api.roles import Permission
from exporters.api.settings import ApiSettings

_ACTING = {"POST", "PUT", "PATCH", "DELETE"}
_TAKING = _ACTING - {"DELETE"}  # DELETE is asked for by no form, and has no body here
_MAX_HELD = 64 << 20  # bytes of all bodies being read: eight of the largest, so that slow senders cannot fill memory
_BODY_S = 30.0  # for one body to arrive: the largest takes 7 s over 10 Mbit/s


@dataclass(frozen=True, slots=True)
class Intake:
    """What a page takes."""

    permission: Permission
    max_bytes: int


class Bounded:
    """Refuses what nobody is to read. `special` says what pages take by path; all others take operators' requests."""

    def __init__(self, app: ASGIApp, settings: ApiSettings, special: Mapping[str, Intake]) -> None:
        self._app = app
        self._settings = settings
        self._special = special
        self._usual = Intake(Permission.ACT, settings.max_body_bytes)
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, or refuse it."""
        if scope["type"] != "http" or scope["method"] not in _ACTING:
            await self._app(scope, receive, send)
            return
        intake = self._special.get(scope["path"], self._usual)
        body = bytearray()
        try:
            self._check(scope, intake)
            async with asyncio.timeout(_BODY_S):
                whole = await self._read(receive, body, intake.max_bytes)
            if whole:
                await self._app(scope, _replay(bytes(body), receive), send)
        except TimeoutError:
            late = ProblemError(408, "slow", f"The body did not arrive within {_BODY_S:g} s.", "Send it again.")
            await _refuse(late, scope, receive, send)
        except ProblemError as error:
            await _refuse(error, scope, receive, send)
        finally:
            self._held -= len(body)

    def _check(self, scope: Scope, intake: Intake) -> None:
        """Look at what is known before the body; its page asks again whether the caller may."""
        caller = caller_of(scope, self._settings)
        if not caller.may(intake.permission):
            raise forbidden(caller, intake.permission)
        headers = dict(scope["headers"])
        if scope["method"] in _TAKING:
            _require_json(headers.get(b"content-type", b""))
        length = headers.get(b"content-length", b"")
        if length.isdigit() and int(length[:20]) > intake.max_bytes:
            raise _too_large(intake.max_bytes)

    async def _read(self, receive: Receive, body: bytearray, limit: int) -> bool:
        """Read the body; return whether it came whole."""
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return False
            chunk = message.get("body", b"")
            body += chunk
            self._held += len(chunk)
            if len(body) > limit:
                raise _too_large(limit)
            if self._held > _MAX_HELD:
                raise ProblemError(503, "busy", "Too many large requests at a time.", "Send it again.", after_s=5)
            more = message.get("more_body", False)
        return True


async def _refuse(error: ProblemError, scope: Scope, receive: Receive, send: Send) -> None:
    # What is left of the body is not read, so that the connection cannot go on.
    await answer(error.problem, {**error.headers, "Connection": "close"})(scope, receive, send)


def _require_json(content_type: bytes) -> None:
    kind = content_type.partition(b";")[0].strip().lower()
    if kind != b"application/json":
        said = kind[:80].decode("latin-1") or "nothing"
        raise ProblemError(
            415, "not_json", f"The body's Content-Type is {said!r}.", "Send JSON with Content-Type: application/json."
        )


def _replay(body: bytes, receive: Receive) -> Receive:
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


def _too_large(limit: int) -> ProblemError:
    return ProblemError(413, "too_large", f"The body is larger than {limit} bytes.", "Send it in several parts.")
