"""Who reads a message: in which language, by which clock. Pure."""

from dataclasses import dataclass

from netmon.api import Severity
from netmon.core.notices.plain import when
from netmon.core.notices.texts import say
from netmon.core.notices.words import Case


@dataclass(frozen=True, slots=True)
class Reader:
    """Says things in a recipient's language and time zone. `now`: when the message is written, Unix seconds."""

    language: str
    zone: str
    now: float

    def say(self, key: str, /, **values: object) -> str:
        """Return one of the texts."""
        return say(self.language, key, **values)

    def when(self, at: float) -> str:
        """Return a moment by their clock."""
        return when(at, self.zone, self.language)

    def severity(self, severity: Severity) -> str:
        """Return the word for a severity."""
        return self.say(f"severity.{severity.value}")

    def title(self, case: Case) -> str:
        """Return an incident's title in their language, if there is one."""
        return case.titles.get(self.language) or case.title
