"""`${NAME}` in netmon.yaml: the environment's value in its place. `$${` stands for `${` itself."""

import re
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from netmon.api import Fault
from netmon.app.settings.document import Document, Way

_REFERENCE: Final = re.compile(r"\$\$\{|\$\{([^}]*)(\}?)")
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WHOLE: Final = re.compile(rf"\$\{{{_NAME.pattern}\}}")


def is_reference(text: str) -> bool:
    """Tell whether the text is one `${NAME}` and nothing else, so that it reveals nothing itself."""
    return _WHOLE.fullmatch(text) is not None


@dataclass(slots=True)
class Expansion:
    """Replaces references in a document's data, in place, each container once however many aliases lead to it."""

    document: Document
    environment: Mapping[str, str]
    failed: set[Way] = field(default_factory=set)  # the values that could not be replaced and stay as they were

    def run(self) -> Iterator[Fault]:
        """Replace all references; give a fault for each that cannot be."""
        done: set[int] = set()
        waiting: list[tuple[Way, object]] = [((), self.document.data)]
        while waiting:
            path, container = waiting.pop()
            if id(container) in done or not isinstance(container, dict | list):
                continue
            done.add(id(container))
            for key, value in list(container.items() if isinstance(container, dict) else enumerate(container)):
                if isinstance(value, str) and "${" in value:
                    container[key] = yield from self._expand(value, (*path, key))
                else:
                    waiting.append(((*path, key), value))

    def _expand(self, text: str, path: Way) -> Generator[Fault, None, str]:
        """Return the text with its references replaced; give the faults of those that cannot be."""
        faults: list[Fault] = []

        def replace(match: re.Match[str]) -> str:
            name = match[1]
            if name is None:
                return "${"
            if not _NAME.fullmatch(name) or not match[2]:
                faults.append(self.document.fault(path, "environment_form"))
            elif name not in self.environment:
                faults.append(self.document.fault(path, "environment_unset", name=name))
            else:
                return self.environment[name]
            return match[0]

        expanded = _REFERENCE.sub(replace, text)
        if faults:
            self.failed.add(path)
        yield from faults
        return expanded
