"""On disk: which silence in an Alertmanager is which one here, over our own death."""

from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex

import msgspec
import structlog

from exporters.alertmanager.reconcile import Link

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Memory:
    """What stands in the file."""

    token: str = field(default_factory=lambda: token_hex(4))
    links: dict[str, Link] = field(default_factory=dict)
    started: dict[str, str] = field(default_factory=dict)


class Links:
    """The file. Without it, marks and likeness must do: it is written when a round is over, not at each step."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._memory = _Memory()
        self._written = b""

    @property
    def token(self) -> str:
        """Tell our marks from another netmon's."""
        return self._memory.token

    @property
    def of(self) -> dict[str, Link]:
        """Return the links by the silence's id there."""
        return self._memory.links

    @property
    def started(self) -> dict[str, str]:
        """Return, by server, when it was started that time under which it was last in step with us."""
        return self._memory.started

    def drop(self, held_ids: list[str]) -> None:
        """Forget links."""
        for each in held_ids:
            del self._memory.links[each]

    def load(self) -> None:
        """Read what an earlier life knew."""
        try:
            self._written = self._path.read_bytes()
            self._memory = msgspec.json.decode(self._written, type=_Memory)
        except FileNotFoundError:
            self.save()
        except (OSError, ValueError) as error:
            log.warning("the links of silences cannot be read", file=str(self._path), problem=str(error))

    def save(self) -> None:
        """Write the file in one step, where there is news."""
        content = msgspec.json.encode(self._memory)
        if content == self._written:
            return
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            new = self._path.with_suffix(".new")
            new.touch(mode=0o600)
            new.write_bytes(content)
            new.replace(self._path)
        except OSError as error:
            log.warning("the links of silences cannot be written", file=str(self._path), problem=str(error))
        else:
            self._written = content
