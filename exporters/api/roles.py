"""What people and programs are to netmon, and what they may do: the one table of roles and permissions. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """What somebody is to netmon."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    AUDITOR = "auditor"  # reads the ledger too, and acts on nothing
    SENDER = "sender"  # a program that hands in alerts, and sees nothing


class Permission(StrEnum):
    """What a request needs, in the words of its refusal."""

    READ = "read"
    ACT = "act"
    LEDGER = "read the ledger"
    SEND = "hand in alerts"


ALLOWED: Final[Mapping[Role, frozenset[Permission]]] = {
    Role.VIEWER: frozenset({Permission.READ}),
    Role.OPERATOR: frozenset({Permission.READ, Permission.ACT}),
    Role.AUDITOR: frozenset({Permission.READ, Permission.LEDGER}),
    Role.SENDER: frozenset({Permission.SEND}),
}

LOCAL: Final = (Role.OPERATOR, Role.AUDITOR, Role.SENDER)
"""What those are who come through the control socket: they own the daemon's files, or root's machine, anyway."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. `name` is empty where nobody had to say it."""

    name: str
    roles: tuple[Role, ...]

    def may(self, permission: Permission) -> bool:
        """Tell whether any of the roles allows it."""
        return any(permission in ALLOWED[role] for role in self.roles)


def names(roles: Iterable[Role]) -> str:
    """Return roles as people read them."""
    return ", ".join(roles) or "none"
