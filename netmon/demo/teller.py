"""Tells on the terminal what people are told, as it arrives, and what is done to the network meanwhile."""

import re
import time
from collections import Counter
from collections.abc import Callable, Collection
from typing import Final

from rich.console import Console
from rich.text import Text

from netmon.app.board import summary
from netmon.app.human import written
from netmon.app.text import language, t
from netmon.demo.named import Named
from netmon.demo.packets.stage import Happened
from netmon.demo.receiver import Delivery

_INCIDENT: Final = re.compile(r"\((I\d+)\)")


class Teller:
    """Says nothing before `begin`: what arrives until then is about earlier runs."""

    def __init__(self, console: Console, people: Collection[str]) -> None:
        self.delivered: Counter[str] = Counter(dict.fromkeys(people, 0))
        self._console = console
        self._width = max(map(len, people), default=0)
        self._earlier: frozenset[str] | None = None
        self._answer: Callable[[str], str] = str

    def begin(self, earlier: Collection[str], answer: Callable[[str], str]) -> None:
        """Tell what is not about these incidents. `answer` gives the command that takes an incident in hand."""
        self._earlier = frozenset(earlier)
        self._answer = answer

    def arrived(self, delivery: Delivery) -> None:
        """Tell of a message."""
        about = _INCIDENT.search(delivery.subject)
        if self._earlier is None or (about is not None and about[1] in self._earlier):
            return
        first = not self.delivered.total()
        self.delivered[delivery.person] += 1
        line = Text(f"{time.strftime('%H:%M:%S')}  {delivery.person:{self._width}}  ", style="dim")
        self._console.print(line.append(delivery.subject, style="not dim"), soft_wrap=True)
        if first and about is not None:
            told = t("demo.answer", command=self._answer(about[1]))
            self._console.print(told, markup=False, highlight=False, soft_wrap=True)

    def named(self, one: Named) -> None:
        """Tell how soon an attack was named, and as what."""
        if one.alert is None or one.found_s is None:
            return
        clock = time.strftime("%H:%M:%S", time.localtime(one.began + max(0.0, one.fired_s or one.found_s)))
        said = t("demo.attack.named", time=written(f"{max(0.0, one.found_s):.1f}", language()), what=summary(one.alert))
        self._console.print(Text(f"{clock}  ", style="dim").append(said, style="bold not dim"), soft_wrap=True)

    def happened(self, happened: Happened) -> None:
        """Tell of an attack that begins."""
        if happened.what == "began":
            clock = time.strftime("%H:%M:%S", time.localtime(happened.at))
            said = t("demo.attack.begins", what=t(f"demo.attack.{happened.attack}"))
            self._console.print(Text(f"{clock}  ", style="dim").append(said, style="italic not dim"), soft_wrap=True)
