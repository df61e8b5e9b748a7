"""The profiles that netmon ships, read without the application's loader."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

import collectors.snmp
from collectors.snmp.profile import Profile

FOLDER = Path(collectors.snmp.__file__).parent / "profiles"


def document(name: str) -> dict[str, Any]:
    """Return a shipped profile as YAML has it, for a test to spoil."""
    found: dict[str, Any] = yaml.safe_load((FOLDER / f"{name}.yaml").read_text())
    return found


@cache
def shipped() -> tuple[Profile, ...]:
    """Every shipped profile."""
    return tuple(Profile.model_validate(document(path.stem)) for path in sorted(FOLDER.glob("*.yaml")))


def profile(name: str) -> Profile:
    """One shipped profile."""
    return next(profile for profile in shipped() if profile.name == name)
