"""How floods of names are told: what goes on by its newest figures, what is over by all of it."""

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from netmon.api import Value
from rules.traffic import telling

_Evidence: TypeAlias = Mapping[str, str | Value]

_MOSTLY: Final = 0.5  # of the new names: said not to exist, or else they fail
_ABSENT: Final = {"en": "that do not exist", "id": "yang tidak ada"}
_FAILING: Final = {
    "en": "whose answers fail or do not come",
    "id": "yang jawabannya gagal atau tidak datang",
}
_RATE: Final = {"en": "{} new names/s", "id": "{} nama baru/dtk"}
_OF: Final = {"en": " in {}", "id": " di {}"}
_AT_LEAST: Final = {"en": "at least {}", "id": "sedikitnya {}"}
_FORMS: Final = {
    "en": "{where} is asked by {who} for names{of} {kind}: {rate}, {share} fail",
    "id": "{where} ditanyai {who} tentang nama{of} {kind}: {rate}, {share} gagal",
}
_OVER: Final = {
    "en": "The flood of questions to {where} for names{of} {kind} is over after {lasted}: {count} new names in all, "
    "at most {rate}, from {who}",
    "id": "Banjir pertanyaan ke {where} tentang nama{of} {kind} selesai setelah {lasted}: seluruhnya {count} nama "
    "baru, paling banyak {rate}, dari {who}",
}


def askers_of(name: str, count: int, *, exact: bool, language: str = "en") -> str:
    """Return who asks: the name of one, or how many addresses; at least so many where not all could be counted."""
    if count == 1:
        return name
    many = telling.addresses(count, language)
    return many if exact else _AT_LEAST[language].format(many)


def flood_text(first: str, where: str, domain: str) -> dict[str, Callable[[_Evidence], str]]:
    """Return what makes the summaries of a flood. `first`: the first who asks; `domain`: empty where it is of any."""
    return {language: _text(language, first, where, domain) for language in _FORMS}


def _text(language: str, first: str, where: str, domain: str) -> Callable[[_Evidence], str]:
    def text(evidence: _Evidence) -> str:
        over = "lasted_s" in evidence
        which = "peak_" if over else ""
        names = float(evidence.get("total_names", 0))
        absent = float(evidence["absent_share"])
        if over:
            absent = float(evidence.get("total_absent_names", 0)) / max(names, 1)
        rate = float(evidence[f"{which}names_per_s"])
        clients, exact = int(evidence[f"{which}clients"]), evidence["all_clients"] == "yes"
        return (_OVER if over else _FORMS)[language].format(
            where=where,
            who=askers_of(first, clients, exact=exact, language=language),
            of=_OF[language].format(domain) if domain else "",
            kind=(_ABSENT if absent >= _MOSTLY else _FAILING)[language],
            rate=telling.per_second(rate, language) if over else _RATE[language].format(telling.number(rate, language)),
            share=telling.share(float(evidence["failed_share"]), language),
            count=telling.number(names, language),
            lasted=telling.duration(float(evidence.get("lasted_s", 0)), language),
        )

    return text
