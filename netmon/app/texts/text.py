"""One text in every language that netmon speaks."""

from typing import NamedTuple


class Text(NamedTuple):
    """The same words twice, with the same `{placeholders}`: English and Indonesian."""

    en: str
    id: str
