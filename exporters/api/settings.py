"""Section `api` of netmon.yaml: who may do what over HTTP, and how local commands reach the daemon.

Users and their passwords stand in the web configuration file that all exporters share; here are only their roles.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from exporters.api.roles import Role


def _one_or_many(given: object) -> object:
    return (given,) if isinstance(given, str | Role) else given


Roles: TypeAlias = Annotated[tuple[Role, ...], BeforeValidator(_one_or_many)]


class ApiSettings(BaseModel):
    """Who may do what. Without any of this, users of the web configuration file may read and nobody else may act."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    roles: Mapping[str, Roles] = Field(default_factory=dict)  # user → viewer, operator, auditor, sender
    default_role: Roles = (Role.VIEWER,)  # of users that `roles` does not name; []: they may do nothing
    # Of everybody, where the web configuration file has no users. None: programs on this host may read, others nothing.
    anonymous_role: Roles | None = None

    control_socket: Path | None = None  # for the commands on this host; None: control.sock in the state directory
    control_group: str | None = None  # members of this group are operators through it, beside root and netmon's user

    max_body_bytes: int = Field(default=1 << 20, ge=1_024, le=16 << 20)  # of what operators send
    max_alerts_body_bytes: int = Field(default=8 << 20, ge=1_024, le=64 << 20)  # of alerts: 10,000 at about 800 bytes
    resolve_timeout_s: float = Field(default=300, ge=1, le=86_400)  # for received alerts that do not say when they end

    @field_validator("anonymous_role")
    @classmethod
    def _nobody_acts_without_a_name(cls, roles: tuple[Role, ...] | None) -> tuple[Role, ...] | None:
        if roles is not None and (bad := {Role.OPERATOR, Role.AUDITOR} & set(roles)):
            raise ValueError(
                f"nobody may be {' or '.join(sorted(bad))} without a name; "
                "write viewer or sender, and give users in the web configuration file"
            )
        return roles
