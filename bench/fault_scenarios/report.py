"""What a scenario found: figures for people and machines, and the promises that were not kept."""

import time
from dataclasses import dataclass, field

Figure = float | int | str | bool


@dataclass
class Outcome:
    """One scenario's result. `broken` is empty when everything that netmon promises was kept."""

    scenario: str
    figures: dict[str, Figure] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    def figure(self, name: str, value: Figure) -> None:
        """Note and print a figure."""
        self.figures[name] = round(value, 3) if isinstance(value, float) else value
        print(f"  {name}: {self.figures[name]}", flush=True)

    def expect(self, holds: bool, promise: str) -> None:
        """Note a promise that was not kept."""
        if not holds:
            self.broken.append(promise)
            print(f"  BROKEN: {promise}", flush=True)

    def as_data(self) -> dict[str, object]:
        """Return it for JSON."""
        return {"scenario": self.scenario, "figures": self.figures, "broken": self.broken}
