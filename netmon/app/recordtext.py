"""What a record of the ledger says, as one line for people. Pure.

Whatever a record lacks is left out: records of older and newer versions are read too.
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Any, Final

from netmon.app.text import language, t
from netmon.app.texts.events import TEXTS

Data = Mapping[str, Any]

_KNOWN: Final = frozenset({"what", "by", "note"})
_SHOWN: Final = 8  # names and values of a record that has no text of its own


def describe(record: Data) -> str:
    """Return what a record says, in the language in use."""
    data = record.get("data")
    if not isinstance(data, Mapping):
        return ""
    return _WAYS.get(str(record.get("kind")), _pairs_of)(data) or _pairs(data)


def _event(data: Data) -> str:
    fields = _mapping(data, "fields")
    return str(fields.get("message") or _raw(data.get("raw")) or _pairs(fields))


def _raw(raw: object) -> str:
    try:
        return base64.b64decode(raw, validate=True).decode("utf-8", "replace") if isinstance(raw, str) else ""
    except binascii.Error:
        return ""


def _finding(data: Data) -> str:
    said = _in_language(data, "summary", "summaries")
    return t("events.cleared", text=said) if data.get("cleared") else said


def _alert(data: Data) -> str:
    alert = _mapping(data, "alert")
    return _changed(data, str(alert.get("state", "")), _in_language(alert, "summary", "summaries"))


def _incident(data: Data) -> str:
    incident = _mapping(data, "incident")
    title = _in_language(incident, "title", "titles")
    return _changed(data, str(incident.get("state", "")), f"{incident.get('id', '')} {title}".strip())


def _changed(data: Data, state: str, about: str) -> str:
    """Return `firing → acknowledged by budi: what it is about (note)`; where the state stayed, what else happened."""
    what, was, by, note = (str(data.get(name, "")) for name in ("what", "was", "by", "note"))
    if was and was != state:
        step = f"{_word(was)} → {_word(state)}"
        if what not in {state, "acknowledged", "resolved"}:
            step += f" ({_word(what)})"
    else:
        step = _word(what)
    if by:
        step = t("events.by", what=step, who=by)
    return f"{step}: {about}" + (f" ({note})" if note else "")


def _muting(kind: str) -> Callable[[Data], str]:
    def muting(data: Data) -> str:
        thing = _mapping(data, kind)
        done = str(data.get("what", ""))
        author = thing.get("author", "") if done == "created" else ""  # what began or ended by itself nobody did
        who = str(data.get("by") or author)
        what = t("events.by", what=_word(done), who=who) if who else _word(done)
        title = " ".join(str(thing.get(name)) for name in ("id", "title") if thing.get(name))
        return f"{what}: {title}" + (f" ({thing['reason']})" if thing.get("reason") else "")

    return muting


def _action(data: Data) -> str:
    what = t("events.by", what=str(data.get("what", "")).replace("_", " "), who=str(data.get("by", "")))
    rest = _pairs({name: value for name, value in data.items() if name not in _KNOWN})
    return ": ".join(filter(None, (what, rest))) + (f" ({data['note']})" if data.get("note") else "")


def _notification(data: Data) -> str:
    what = str(data.get("what", ""))
    notice = _mapping(data, "notice")
    if notice:
        about = ", ".join(str(notice.get(name)) for name in ("incident", "why", "channel") if notice.get(name))
        problem = f" ({notice['problem']})" if notice.get("problem") else ""
        return f"{what} → {notice.get('person', '')}: {about}{problem}"
    duty = _mapping(data, "duty")
    if duty:
        return f"{what}: {duty.get('rota', '')} → {duty.get('person', '')}".rstrip(" →")
    case = _mapping(data, "case")
    return f"{what}: {case.get('id', '')} {_in_language(case, 'title', 'titles')}".rstrip() if case else ""


def _ledger(data: Data) -> str:
    key = f"events.ledger.{data.get('what')}"
    try:
        return t(key, **data) if key in TEXTS else ""
    except KeyError:
        return ""


def _pairs_of(data: Data) -> str:
    """Return what happened, then names and values."""
    rest = _pairs({name: value for name, value in data.items() if name != "what"})
    return ": ".join(filter(None, (str(data.get("what", "")), rest)))


def _pairs(data: Data) -> str:
    plain = [
        (name, value) for name, value in data.items() if not isinstance(value, Mapping) and value not in ("", None)
    ]
    shown = [f"{name}={', '.join(map(str, v)) if isinstance(v, list) else v}" for name, v in plain[:_SHOWN]]
    return " ".join(shown) + (" …" if len(plain) > _SHOWN else "")


def _in_language(thing: Data, name: str, others: str) -> str:
    return str(_mapping(thing, others).get(language()) or thing.get(name, ""))


def _mapping(data: Data, name: str) -> Data:
    found = data.get(name)
    return found if isinstance(found, Mapping) else {}


def _word(what: str) -> str:
    key = f"events.what.{what}"
    return t(key) if key in TEXTS else what


_WAYS: Final[Mapping[str, Callable[[Data], str]]] = {
    "event": _event,
    "finding": _finding,
    "alert": _alert,
    "incident": _incident,
    "silence": _muting("silence"),
    "maintenance": _muting("maintenance"),
    "action": _action,
    "notification": _notification,
    "ledger": _ledger,
}
