"""Conditions on labels as text, the way Alertmanager writes them: `instance=~"sw-.*"`."""

import re
from typing import Annotated, Final, TypeAlias

from pydantic import AfterValidator

from netmon.api import Matcher

_FORM: Final = re.compile(
    r'\s*([A-Za-z_][A-Za-z0-9_]*)\s*(=~|!~|!=|=)\s*(?:"((?:[^"\\]|\\.)*)"|((?:[^"\s=~][^"\s]*)?))\s*'
)
_MAX_PATTERN: Final = 500  # characters; more is a mistake


def parse_matcher(text: str) -> Matcher:
    """Return the condition; ValueError says what would be right."""
    match = _FORM.fullmatch(text)
    if match is None:
        raise ValueError(f'{text!r} is no matcher; write it as in instance="sw-1" or instance=~"sw-.*"')
    name, sign, quoted, bare = match.groups()
    value = re.sub(r"\\(.)", _unescaped, quoted) if quoted is not None else bare
    if "~" in sign:
        _check(value)
    return Matcher(name, value, is_regex="~" in sign, is_equal=not sign.startswith("!"))


def _unescaped(match: re.Match[str]) -> str:
    """Undo what Alertmanager's quoting needs, and leave a pattern's own escapes alone."""
    return {"n": "\n", '"': '"', "\\": "\\"}.get(match[1], match[0])


def _check(pattern: str) -> None:
    if len(pattern) > _MAX_PATTERN:
        raise ValueError(f"the pattern {pattern[:20]!r}… is too long; write at most {_MAX_PATTERN} characters")
    error = _fault(pattern)
    if error:
        raise ValueError(f"{pattern!r} is no regular expression of RE2 ({error}); correct it")


def _fault(pattern: str) -> str:
    """Return why a pattern does not compile; empty when it does."""
    try:
        import re2  # noqa: PLC0415  # a poller reads these settings too, has no use for them, and no RE2
    except ImportError:
        return ""
    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(pattern, options)
    except re2.error as error:
        why = error.args[0] if error.args else error
        return why.decode("utf-8", "replace") if isinstance(why, bytes) else str(why)
    return ""


def _valid(text: str) -> str:
    parse_matcher(text)
    return text


MatcherText: TypeAlias = Annotated[str, AfterValidator(_valid)]
