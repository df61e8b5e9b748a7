"""Somebody at the API who acts all the time and remembers every 200."""

import threading
from typing import Self

from bench.fault_scenarios.house import House

OK = {200, 201}


class Operators:
    """Comments, acknowledges and silences until the block ends."""

    def __init__(self, house: House) -> None:
        self.done: list[str] = []  # notes of actions that were answered with success
        self.refused: dict[int, int] = {}  # status → how often
        self.last_refusal: object = None
        self._house = house
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._act)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join()

    def _act(self) -> None:
        number = 0
        while not self._ending.wait(0.02):
            number += 1
            self.one(f"action {number}", number)

    def one(self, note: str, number: int) -> int:
        """Do one thing; return the answer's status, 0 when there is nothing to act on."""
        matchers = [{"name": "instance", "value": f"nobody-{number % 50}", "is_regex": False, "is_equal": True}]
        if number % 10 == 0:
            return self._note(
                note, *self._house.api("POST", "silences", {"matchers": matchers, "duration_s": 5, "reason": note})
            )
        status, page = self._house.api("GET", "alerts?limit=1")
        if status != 200 or not page["alerts"]:
            return 0
        what = ("comments", "acknowledge", "unacknowledge")[number % 3]
        return self._note(note, *self._house.api("POST", f"alerts/{page['alerts'][0]['id']}/{what}", {"note": note}))

    def _note(self, note: str, status: int, answer: object) -> int:
        if status in OK or status == 204:
            self.done.append(note)
        else:
            self.refused[status] = self.refused.get(status, 0) + 1
            if status:
                self.last_refusal = answer
        return status
