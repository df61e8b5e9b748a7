"""How volumes carried out are told, in English and Indonesian."""

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from netmon.api import Value
from rules.traffic import telling

_Evidence: TypeAlias = Mapping[str, str | Value]

_FORMS: Final = {
    "en": {
        "sent": "{host} sent {octets} out in {window}, at most {usual} before; at last to {destination}",
        "sent_to_new": "{host} sent {octets} in {window} to networks that it never sent to, at last to {destination}",
        "served": "{destination} fetched {octets} from {host} in {window}; no one took more than {usual} before",
    },
    "id": {
        "sent": "{host} mengirim {octets} ke luar dalam {window}, dulu paling banyak {usual}; kini ke {destination}",
        "sent_to_new": "{host} mengirim {octets} dalam {window} ke jaringan yang baru baginya, kini ke {destination}",
        "served": "{destination} mengambil {octets} dari {host} dalam {window}; sebelumnya paling banyak {usual}",
    },
}


def _text(language: str) -> Callable[[_Evidence], str]:
    def make(evidence: _Evidence) -> str:
        return _FORMS[language][str(evidence["kind"])].format(
            host=evidence["host"],
            destination=evidence["destination"],
            octets=telling.octets(float(evidence["octets"]), language),
            usual=telling.octets(float(evidence["usual_most_octets"]), language),
            window=telling.duration(float(evidence["window_s"]), language),
        )

    return make


TEXT: Final[Mapping[str, Callable[[_Evidence], str]]] = {language: _text(language) for language in _FORMS}
