"""What netmon says to people, in English and Indonesian. `t("key", name=value)` gives the text in the language in use.

The language is NETMON_LANG's, else the one that the settings name (`speaking`), else that of the locale, else English.
The words themselves stand in `netmon/app/texts/`, one table a topic; a test holds both languages to the same
placeholders.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, Literal, TypeAlias, get_args

from netmon.app.texts import TABLES, Text

Language: TypeAlias = Literal["en", "id"]

LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)

_settings_language: ContextVar[Language | None] = ContextVar("settings_language", default=None)
_TEXTS: Final[Mapping[str, Text]] = {key: text for table in TABLES for key, text in table.items()}


def t(key: str, /, **values: object) -> str:
    """Return the text called `key` in the language in use, with its `{placeholders}` filled."""
    return getattr(_TEXTS[key], language()).format_map(values)  # type: ignore[no-any-return]  # both fields are str


def language() -> Language:
    """Return the language in use."""
    return (
        _known(os.environ.get("NETMON_LANG", ""))
        or _settings_language.get()
        or _known(os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG", ""))
        or "en"
    )


def speak(chosen: Language | None) -> None:
    """Take the settings' language for the rest of this context; None leaves it to the environment."""
    _settings_language.set(chosen)


@contextmanager
def speaking(chosen: Language | None) -> Iterator[None]:
    """Take the settings' language inside a `with` block; None keeps the one in use."""
    if chosen is None:
        yield
        return
    token = _settings_language.set(chosen)
    try:
        yield
    finally:
        _settings_language.reset(token)


def _known(locale: str) -> Language | None:
    """Return the language of a locale name (`id`, `id_ID.UTF-8`) if it is one of ours."""
    code = locale.replace("-", "_").replace(".", "_").split("_", 1)[0].lower()
    return next((one for one in LANGUAGES if one == code), None)
