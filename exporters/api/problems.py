"""Errors as RFC 9457 problem details: what is wrong, a code for programs, and what to do next.

`type` is about:blank throughout, so `title` is the status's own phrase; the extension members `code`, `remedy`, `near`
and `errors` tell the rest.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Annotated

import msgspec
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from exporters.api.refusals import reason_of
from exporters.api.roles import Caller, Permission, names
from netmon.api import Invalid, Unavailable, Unknown, Unrecorded

MEDIA_TYPE = "application/problem+json"
_MAX_ERRORS = 20  # told of one body: a page of them says enough
_MAX_NEAR = 5
_RETRY_AFTER_S = 5  # how soon the ledger may be writable again


class Detail(msgspec.Struct, omit_defaults=True):
    """One fault of a request."""

    detail: Annotated[str, msgspec.Meta(description="What is wrong there.")]
    pointer: Annotated[str, msgspec.Meta(description="Where in the body, as a JSON pointer (RFC 6901).")] = ""
    parameter: Annotated[str, msgspec.Meta(description="Which parameter of the address.")] = ""
    reason: Annotated[str, msgspec.Meta(description="Which fault it is, for programs.")] = ""
    values: Annotated[dict[str, str], msgspec.Meta(description="What is filled into its sentence.")] = {}


class Problem(msgspec.Struct, omit_defaults=True):
    """What went wrong, as RFC 9457 has it."""

    title: Annotated[str, msgspec.Meta(description="The status's phrase.")]
    status: Annotated[int, msgspec.Meta(description="The HTTP status.")]
    code: Annotated[str, msgspec.Meta(description="Which problem it is, for programs; it does not change.")]
    detail: Annotated[str, msgspec.Meta(description="What happened, in English.")]
    remedy: Annotated[str, msgspec.Meta(description="What to do next, in English.")] = ""
    errors: Annotated[list[Detail], msgspec.Meta(description="Each fault of the request.")] = []
    near: Annotated[list[str], msgspec.Meta(description="What may have been meant.")] = []
    reason: Annotated[str, msgspec.Meta(description="More exactly than `code`: which sentence `detail` is.")] = ""
    values: Annotated[dict[str, str], msgspec.Meta(description="What is filled into that sentence.")] = {}


class ProblemError(Exception):
    """A request that cannot be served; it is answered with its problem."""

    def __init__(  # noqa: PLR0913  # the members of a problem
        self,
        status: int,
        code: str,
        detail: str,
        remedy: str = "",
        *,
        near: Sequence[str] = (),
        after_s: int = 0,
        said: tuple[str, Mapping[str, str]] | None = None,
    ) -> None:
        """`said` is the reason and its values; unless given, those of the core's sentences are found by `detail`."""
        super().__init__(detail)
        reason, values = said or reason_of(detail)
        phrase = HTTPStatus(status).phrase
        self.problem = Problem(phrase, status, code, detail, remedy, [], list(near), reason, dict(values))
        self.headers = {"Retry-After": str(after_s)} if after_s else {}


def answer(problem: Problem, headers: Mapping[str, str] | None = None) -> Response:
    """Return the response of a problem."""
    body = msgspec.json.encode(problem)
    return Response(body, problem.status, {"Cache-Control": "no-store", **(headers or {})}, MEDIA_TYPE)


def forbidden(caller: Caller, permission: Permission) -> ProblemError:
    """Return the problem of somebody who may not do this."""
    if caller.name:
        values = {"name": caller.name, "roles": names(caller.roles), "permission": permission.name.lower()}
        detail = f"{caller.name!r} has the roles: {values['roles']}; none of them may {permission}."
        return ProblemError(403, "forbidden", detail, _GRANT.format(name=caller.name), said=("role", values))
    said = ("nameless", {"permission": permission.name.lower()})
    return ProblemError(403, "forbidden", f"Nobody may {permission} here without a name.", _NAME, said=said)


_GRANT = "Ask for a role that allows it: in netmon.yaml, api.roles.{name}."
_NAME = "Use the netmon commands on the daemon's own host, or have a user made in the web configuration file."


def unknown(kind: str, name: str, near: Sequence[str] = ()) -> ProblemError:
    """Return the problem of a thing that is not there."""
    remedy = f"Meant perhaps: {', '.join(near)}." if near else f"GET /api/v1/{kind}s lists what there is."
    said = (f"unknown_{kind}", {"name": name})
    return ProblemError(404, f"unknown_{kind}", f"There is no {kind} {name!r}.", remedy, near=near, said=said)


def ambiguous(name: str, found: Sequence[str]) -> ProblemError:
    """Return the problem of a beginning of an id that several alerts have."""
    detail, near = f"{len(found)} alerts have ids that begin with {name!r}.", list(found[:_MAX_NEAR])
    said = ("ambiguous_alert", {"name": name, "count": str(len(found))})
    remedy = f"Write more of the id: {', '.join(near)}."
    return ProblemError(422, "ambiguous_alert", detail, remedy, near=near, said=said)


def unrecorded_alerts(error: Unrecorded) -> ProblemError:
    """Return the problem of alerts that were handed in and are not on disk yet: sending them again is harmless."""
    return ProblemError(503, "unrecorded", str(error), "Send them again.", after_s=_RETRY_AFTER_S)


def of_desk(error: Exception) -> ProblemError:
    """Return the problem of what the core says."""
    if isinstance(error, Unrecorded):  # no Retry-After: whoever asks again does it twice
        remedy = "It took effect; do not ask again. GET /api/v1/status says what is wrong with the disk."
        return ProblemError(503, "unrecorded", str(error), remedy)
    if isinstance(error, Unavailable):
        remedy = "Nothing was changed; ask again when the disk is well: GET /api/v1/status says what is wrong."
        return ProblemError(503, "unavailable", str(error), remedy, after_s=_RETRY_AFTER_S)
    if isinstance(error, Unknown):
        return ProblemError(404, "unknown", str(error), "GET the list of such things and choose one of it.")
    if isinstance(error, Invalid):
        return ProblemError(422, "invalid", str(error), "Mend what is asked and ask again.")
    return ProblemError(500, "failed", "netmon failed.", "Report it with the traceback in the daemon's log.")


def of_validation(error: RequestValidationError) -> Problem:
    """Return the problem of a request that is not as it should be; the input is not repeated: it may be a secret."""
    faults = [_fault(each) for each in error.errors()[:_MAX_ERRORS]]
    malformed = any(each["type"] == "json_invalid" for each in error.errors())
    status, code = (400, "malformed") if malformed else (422, "invalid")
    detail = "; ".join(f"{each.pointer or each.parameter}: {each.detail}".removeprefix(": ") for each in faults)
    remedy = "GET /api/v1/openapi.json says what is asked for."
    return Problem(HTTPStatus(status).phrase, status, code, detail, remedy, faults)


def _fault(error: Mapping[str, object]) -> Detail:
    where = error["loc"] if isinstance(error["loc"], tuple) else ()
    said = str(error["msg"]).removeprefix("Value error, ")
    place, *rest = where or ("",)
    context = error.get("ctx")
    values = {name: str(v) for name, v in context.items() if name != "error"} if isinstance(context, Mapping) else {}
    reason = str(error["type"])
    if place in {"query", "path"}:
        return Detail(said, "", ".".join(map(str, rest)), reason, values)
    if error["type"] == "json_invalid":
        return Detail(f"not JSON at character {rest[0] if rest else 0}")
    return Detail(said, "".join(f"/{_escape(str(step))}" for step in rest), "", reason, values)


def _escape(step: str) -> str:
    """Escape one step of a JSON pointer (RFC 6901 section 3); a name of the client's, so printable and short."""
    shown = step[:80].encode("ascii", "backslashreplace").decode()
    return shown.replace("~", "~0").replace("/", "~1")


_HTTP = {
    404: ("no_such_page", "There is no such page.", "GET /api/v1/openapi.json lists what there is."),
    405: ("method", "This page does not know that method.", "GET /api/v1/openapi.json says which it knows."),
    400: ("malformed", "The body cannot be read.", "Send JSON (RFC 8259) in UTF-8."),
}


def of_http(error: HTTPException) -> Response:
    """Return the answer to what the framework refuses."""
    status = error.status_code
    phrase = HTTPStatus(status).phrase
    code, detail, remedy = _HTTP.get(status, (phrase.lower().replace(" ", "_"), phrase, ""))
    return answer(Problem(phrase, status, code, detail, remedy), error.headers)
