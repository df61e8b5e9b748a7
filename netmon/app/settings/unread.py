"""Names that a file which could not be read may define: nobody is blamed for referring to those."""

from dataclasses import dataclass, field
from pathlib import Path

from netmon.app.settings.files import open_at_once
from netmon.app.settings.yamlfile import MAX_BYTES


@dataclass(frozen=True, slots=True)
class Unread:
    """The files of which something could not be read: of the inventory, and netmon.yaml where it is one of them."""

    inventory: list[Path]
    main: list[Path]
    _texts: dict[Path, str | None] = field(default_factory=dict)

    def may_define(self, section: str, name: str) -> bool:
        """Tell whether one of the files that could define this name may do so: it holds the name, or is not text."""
        files = self.main if section == "credentials" else self.inventory
        texts = map(self._text, files)
        return any(text is None or name in text for text in texts)

    def _text(self, path: Path) -> str | None:
        """Return what the file holds; None where that cannot be known."""
        if path not in self._texts:
            self._texts[path] = _read(path)
        return self._texts[path]


def _read(path: Path) -> str | None:
    try:
        with open_at_once(path) as stream:
            raw = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError):  # ValueError: a NUL in the name
        return None
    return raw.decode(errors="replace") if len(raw) <= MAX_BYTES else None
