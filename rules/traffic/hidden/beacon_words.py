"""How beacons are told, in English and Indonesian."""

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from netmon.api import Value
from rules.traffic import telling

_Evidence: TypeAlias = Mapping[str, str | Value]


def _english(evidence: _Evidence) -> str:
    return (
        f"{evidence['host']} contacts {evidence['destination']}, port {evidence['port']}, each "
        f"{telling.duration(float(evidence['interval_s']))}, {evidence['contacts']} times so far, with about "
        f"{telling.octets(float(evidence['sent_octets']))} each: regular as a beacon"
    )


def _indonesian(evidence: _Evidence) -> str:
    return (
        f"{evidence['host']} menghubungi {evidence['destination']}, port {evidence['port']}, setiap "
        f"{telling.duration(float(evidence['interval_s']), 'id')}, sudah {evidence['contacts']} kali, masing-masing "
        f"sekitar {telling.octets(float(evidence['sent_octets']), 'id')}: teratur seperti beacon"
    )


TEXT: Final[Mapping[str, Callable[[_Evidence], str]]] = {"en": _english, "id": _indonesian}
