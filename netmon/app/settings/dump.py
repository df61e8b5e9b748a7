"""The effective settings as YAML, defaults included, secrets masked: what netmon really works with."""

import re
from collections.abc import Mapping
from typing import Any, Final

import yaml
from pydantic import SecretStr

from netmon.app.settings.load import INVENTORY_FOLDER, MAIN_FILE
from netmon.app.settings.model import Settings
from netmon.app.settings.scalars import resolve

MASK: Final = "********"


def dump(settings: Settings) -> str:
    """Return two YAML documents: netmon.yaml and the merged inventory, each loadable as it is but for the secrets."""
    parts = plain(settings)
    return (
        f"# {MAIN_FILE}\n{_yaml(parts['netmon'])}"
        f"---\n# {INVENTORY_FOLDER}/{INVENTORY_FOLDER}.yaml\n{_yaml(parts['inventory'])}"
    )


def plain(settings: Settings) -> dict[str, Any]:
    """Return the settings as plain data in the schema's order, secrets masked."""
    return {
        "netmon": _escaped(_plain(settings.netmon.model_dump(by_alias=True))),
        "inventory": _plain(settings.inventory.model_dump(by_alias=True)),
    }


def _plain(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return MASK
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(inner) for inner in value]
    if isinstance(value, re.Pattern):
        return value.pattern
    return _scalar(value)


def _scalar(value: Any) -> str | int | float | bool | None:
    if isinstance(value, float) and value.is_integer():
        return int(value)  # 30, as people write it, whether it came from a file or is the default
    return value if value is None or isinstance(value, bool | int | float) else str(value)


def _escaped(value: Any) -> Any:
    """Write `${` as netmon.yaml has to have it where it does not refer to the environment."""
    if isinstance(value, dict):
        return {key: _escaped(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_escaped(inner) for inner in value]
    return value.replace("${", "$${") if isinstance(value, str) else value


class _Dumper(yaml.SafeDumper):
    """Quotes what our reader would take for something else than a string, and what YAML 1.1 readers would."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write everything out: people read this."""
        del data
        return True


def _string(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "'" if not isinstance(resolve(text), str) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style)


_Dumper.add_representer(str, _string)


def _yaml(data: dict[str, Any]) -> str:
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)
