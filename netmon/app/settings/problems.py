"""pydantic's errors as faults that say, at the place in the file, what is wrong and what would be right."""

import difflib
import functools
import ipaddress
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from pydantic import SecretStr, ValidationError
from pydantic_core import ErrorDetails

from netmon.api import Fault
from netmon.app.settings import schema
from netmon.app.settings.document import Document, Way
from netmon.app.text import language, t
from netmon.app.texts.said import in_indonesian

_MAX_SHOWN: Final = 60  # characters of a wrong value in a message

# pydantic's error type → our text, for those that need the value and what their context holds.
_PLAIN: Final[Mapping[str, str]] = {
    **dict.fromkeys(("string_type", "path_type", "string_sub_type"), "not_text"),
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float", "int_parsing_size"), "not_integer"),
    **dict.fromkeys(("float_type", "float_parsing", "finite_number", "decimal_type", "decimal_parsing"), "not_number"),
    **dict.fromkeys(("bool_type", "bool_parsing"), "not_boolean"),
    **dict.fromkeys(("list_type", "tuple_type", "set_type", "frozen_set_type", "iterable_type"), "not_list"),
    **dict.fromkeys(("dict_type", "mapping_type", "model_type", "model_attributes_type"), "not_mapping"),
    **dict.fromkeys(("dataclass_type", "dataclass_exact_type"), "not_mapping"),
    "greater_than": "not_above",
    "greater_than_equal": "too_small",
    "less_than": "not_below",
    "less_than_equal": "too_large",
    "multiple_of": "not_multiple",
    "string_too_short": "too_short",
    "string_too_long": "too_long",
    "too_short": "too_few_items",
    "too_long": "too_many_items",
    "string_pattern_mismatch": "pattern",
    "pattern_regex": "regular_expression",
}


def faults_of(error: ValidationError, document: Document, model: Any, base: Way = ()) -> Iterator[Fault]:
    """Give each error of a validation of what stands at `base` in the document against `model`."""
    seen: set[tuple[int, int, str]] = set()
    errors = error.errors(include_url=False)
    around = {one["loc"][:depth] for one in errors for depth in range(len(one["loc"]))}
    for one in errors:
        if one["type"] == "too_short" and one["loc"] in around:  # only because pydantic does not count its wrong items
            continue
        fault = _fault(one, document, model, tuple(base))
        if (place := (fault.line, fault.column, fault.problem)) not in seen:  # a union says the same once a member
            seen.add(place)
            yield fault


def show(value: object) -> str:
    """Return a value as the file would have it, cut to a readable length."""
    if isinstance(value, dict | list):
        return t("value.mapping" if isinstance(value, dict) else "value.list")
    if value is None:
        return t("value.nothing")
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _MAX_SHOWN else text[:_MAX_SHOWN] + "…"


def choose_from(choices: Sequence[object], wrong: object = None) -> str:
    """Return `write one of: a, b` with the closest to what was written first, if one is close."""
    names = [str(choice) for choice in choices]
    hint = f" ({meant})" if (meant := did_you_mean(str(wrong), tuple(names))) else ""
    return t("choose.one_of", choices=", ".join(names)) + hint


def did_you_mean(wrong: str, names: tuple[str, ...]) -> str:
    """Return `did you mean x?` for the closest name, or an empty text."""
    close = _closest(wrong[:_MAX_SHOWN], names)
    return t("choose.did_you_mean", name=close) if close else ""


@functools.lru_cache(maxsize=256)
def _closest(wrong: str, names: tuple[str, ...]) -> str:
    if len(names) > 20_000:  # comparing with all of them would take a second for each fault
        return ""
    by_lower = {name.lower(): name for name in names}
    close = difflib.get_close_matches(wrong.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[close[0]] if close else ""


def _fault(error: ErrorDetails, document: Document, model: Any, base: tuple[str | int, ...]) -> Fault:
    kind, loc = error["type"], error["loc"]
    at_key = loc[-1:] == ("[key]",)
    loc = loc[:-1] if at_key else loc
    path, types = (*base, *loc), schema.at(model, loc)
    context: dict[str, Any] = dict(error.get("ctx") or {})
    value = t("value.secret") if SecretStr in types else show(error["input"])
    if (special := _SPECIAL.get(kind)) is not None:
        return special(error, document, path, schema.at(model, loc[:-1]) if kind == "extra_forbidden" else types)
    if isinstance(error["input"], float) and not math.isfinite(error["input"]):
        return document.fault(path, "not_number", value=value)  # NaN is neither too large nor too small
    if kind in _PLAIN:
        text = _where(_PLAIN[kind], path)
        return document.fault(path, text, key=at_key, **{"value": value, **context})
    if kind.startswith("netmon."):
        return document.fault(path, kind.removeprefix("netmon."), key=at_key, **{"value": value, **context})
    return document.fault(path, "other", key=at_key, value=value, said=error["msg"])


def _where(text: str, path: Way) -> str:
    """Return the text for a mapping that should stand here, by what there is to indent it below."""
    if text != "not_mapping" or (path and isinstance(path[-1], str)):
        return text
    return "not_mapping_item" if path else "not_mapping_file"


def _missing(_error: ErrorDetails, document: Document, path: tuple[str | int, ...], _: list[Any]) -> Fault:
    return document.fault(path[:-1], "missing", key=True, name=path[-1])


def _unknown_key(_error: ErrorDetails, document: Document, path: tuple[str | int, ...], parents: list[Any]) -> Fault:
    names = tuple(sorted({name for model in schema.models(parents) for name in schema.fields(model)}))
    meant = did_you_mean(str(path[-1]), names)
    remedy = meant or t("choose.keys", keys=", ".join(names))
    return document.fault(path, "unknown_key", key=True, name=path[-1], remedy=remedy)


def _not_a_choice(error: ErrorDetails, document: Document, path: tuple[str | int, ...], types: list[Any]) -> Fault:
    choices = schema.choices(types) or re.findall(r"'([^']*)'", str((error.get("ctx") or {}).get("expected")))
    remedy = choose_from(choices, error["input"])
    return document.fault(path, "choice", value=show(error["input"]), remedy=remedy)


def _no_such_kind(error: ErrorDetails, document: Document, path: tuple[str | int, ...], _: list[Any]) -> Fault:
    """Report a wrong discriminator: the field that says which kind of thing this is."""
    context = error.get("ctx") or {}
    choices = re.findall(r"'([^']*)'", str(context.get("expected_tags")))
    name = str(context.get("discriminator")).strip("'")
    remedy = choose_from(choices, context.get("tag"))
    return document.fault((*path, name), "choice", value=show(context.get("tag")), remedy=remedy)


def _no_kind(error: ErrorDetails, document: Document, path: tuple[str | int, ...], _: list[Any]) -> Fault:
    name = str((error.get("ctx") or {}).get("discriminator")).strip("'")
    return document.fault(path, "missing", key=True, name=name)


def _said_by_validator(error: ErrorDetails, document: Document, path: tuple[str | int, ...], _: list[Any]) -> Fault:
    """Report a component's own ValueError: `problem; remedy` or `problem: remedy`.

    Where it speaks of several settings, the first one that it names is where it stands.
    """
    said = error["msg"].partition(", ")[2] or error["msg"]
    path = (*path, said.partition(" ")[0])
    problem, remedy = _halves(said)
    return (
        Fault(document.file, *document.place(path), problem, remedy)
        if remedy
        else document.fault(path, "said", said=said)
    )


def _no_prefix(error: ErrorDetails, document: Document, path: tuple[str | int, ...], _: list[Any]) -> Fault:
    """Report what is no prefix, the same for both versions of IP: one fault where either could stand."""
    value = error["input"]
    try:
        right = ipaddress.ip_network(value, strict=False) if isinstance(value, str) else None
    except ValueError:
        right = None
    if right is None:
        return document.fault(path, "prefix", value=show(value))
    return document.fault(path, "prefix_host_bits", value=show(value), right=str(right))


def _halves(said: str) -> tuple[str, str]:
    """Return problem and remedy in the language in use; no remedy where a component gives none."""
    if language() == "id" and (translated := in_indonesian(said)):
        return translated
    for separator in ("; ", ": "):
        problem, found, remedy = said.rpartition(separator)
        if found:
            return problem, remedy
    return said, ""


_SPECIAL: Final[Mapping[str, Callable[[ErrorDetails, Document, tuple[str | int, ...], list[Any]], Fault]]] = {
    "missing": _missing,
    "extra_forbidden": _unknown_key,
    "enum": _not_a_choice,
    "literal_error": _not_a_choice,
    "union_tag_invalid": _no_such_kind,
    "union_tag_not_found": _no_kind,
    "ip_v4_network": _no_prefix,
    "ip_v6_network": _no_prefix,
    "value_error": _said_by_validator,
    "assertion_error": _said_by_validator,
}
