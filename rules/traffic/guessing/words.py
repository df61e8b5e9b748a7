"""How guessing of passwords is told, in English and Indonesian."""

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from netmon.api import Value
from rules.traffic import telling

_Evidence: TypeAlias = Mapping[str, str | Value]

_FORMS: Final = {
    "en": (
        "{who} {guess} passwords of {service} on {whom}: {tries} connections in {time}",
        "; then a longer session with {success}: a password was probably right",
    ),
    "id": (
        "{who} menebak sandi {service} di {whom}: {tries} koneksi dalam {time}",
        "; lalu ada sesi lebih panjang dengan {success}: mungkin ada sandi yang benar",
    ),
}
_SERVICES: Final = {"web": {"en": "web pages", "id": "halaman web"}}  # those whose name in the settings is no word


def text(language: str, who: str, whom: str) -> Callable[[_Evidence], str]:
    """Return what makes a summary of evidence. `who`, `whom`: names or how many, in that language."""
    form, after = _FORMS[language]

    def make(evidence: _Evidence) -> str:
        over = "lasted_s" in evidence
        name = str(evidence["service"])
        said = form.format(
            who=who,
            guess="guessed" if over else "guess" if who.endswith("addresses") else "guesses",
            whom=whom,
            service=_SERVICES.get(name, {}).get(language) or telling.join(name.split(" and "), language),
            tries=telling.number(float(evidence["total_attempts"]), language),
            time=telling.duration(max(float(evidence["end"]) - float(evidence["start"]), 1.0), language),
        )
        return said + (after.format(success=evidence["success_after"]) if evidence["success_after"] else "")

    return make
