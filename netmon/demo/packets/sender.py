"""Sends the demonstration's frames: a process of its own, inside the network namespace that it keeps alive.

    python -m netmon.demo.packets.sender

A line of JSON on its input says who is there, a second one when the story begins; the end of its input ends it, so that
nothing stays when whoever started it dies. On its output a line of JSON for each thing that happens: `ready`, `began`
and `ended` with the attack's name and the time of its first and last frame, in Unix seconds. Sends nothing but the
frames of this package, and only into the cable that it made: a veth pair between SENDS and SEES.
"""

import io
import json
import select
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from random import Random
from typing import Final

from netmon.demo.packets.attacks import ATTACKS, Attack
from netmon.demo.packets.background import arrivals
from netmon.demo.packets.places import Places, read
from netmon.demo.packets.talks import Timed
from netmon.demo.packets.timeline import Timeline

SENDS, SEES = "demo-out", "mirror"
ROUND_S: Final = 420.0  # as long as the story's
MAX_BEHIND_S: Final = 0.5
"""Who was kept from sending for longer goes on where it was, rather than send what it missed in one burst."""
MAX_LATE_S: Final = 5.0  # an attack whose time has passed by more is left to the next round
_LONGEST_WAIT_S: Final = 0.05
_SEED: Final = 77
_CABLE: Final = f"""\
link set lo up
link add {SENDS} type veth peer name {SEES}
link set {SENDS} arp off addrgenmode none up
link set {SEES} arp off addrgenmode none up
"""
"""Silent but for what we send: without ARP, and without IPv6 addresses that the kernel would speak of."""


class Sender:
    """The day's frames and the attacks among them; `step` sends what is due."""

    def __init__(self, places: Places, began: float) -> None:
        """Begin the day at `began` (Unix seconds)."""
        self.timeline = Timeline()
        self._places = places
        self._began = self._seen = began
        self._day = arrivals(places, Random(_SEED))  # noqa: S311 - a simulation's chance
        self._following = next(self._day)
        self._attacks: Iterator[tuple[float, Attack]] = iter(())
        self._next_attack: tuple[float, Attack] | None = None
        self.told: list[dict[str, object]] = []  # what happened and was not said yet

    def begin_story(self, start: float) -> None:
        """Let attacks come from `start` on (Unix seconds), round after round."""
        self._attacks = _rounds(start)
        self._next_attack = next(self._attacks)

    def step(self, now: float) -> Iterator[bytes]:
        """Give what is to be sent by now."""
        behind = now - self._seen
        if behind > MAX_BEHIND_S:
            self._began += behind
            self.timeline.postpone(behind)
        self._seen = now
        while self._began + self._following[0] <= now:
            self.timeline.add(self._began + self._following[0], self._following[1])
            self._following = next(self._day)
        while self._next_attack is not None and self._next_attack[0] <= now:
            at, attack = self._next_attack
            if now - at < MAX_LATE_S:
                chance = Random(f"{_SEED} {attack.name} {at}")  # noqa: S311 - a simulation's chance
                frames = attack.frames(self._places, chance, attack.lasts_s)
                self.timeline.add(now, self._tells(attack, now, frames))
            self._next_attack = next(self._attacks)
        yield from self.timeline.due(now)

    def _tells(self, attack: Attack, at: float, frames: Iterator[Timed]) -> Iterator[Timed]:
        """Give an attack's frames, and note its first and its last one."""
        last, count = 0.0, 0
        for last, frame in frames:
            if not count:
                self.told.append({"what": "began", "attack": attack.name, "at": at + last})
            count += 1
            yield last, frame
        self.told.append({"what": "ended", "attack": attack.name, "at": at + last, "frames": count})


def _rounds(start: float) -> Iterator[tuple[float, Attack]]:
    begin = start
    while True:
        yield from ((begin + attack.begins_s, attack) for attack in ATTACKS)
        begin += ROUND_S


def main() -> int:
    """Make the cable, and send until the input ends. Exit 1, with a word on standard error, where it cannot be made."""
    with open(0, "rb", buffering=0, closefd=False) as asked:  # unbuffered, so that select tells what is there
        first = asked.readline()
        return _perform(asked, read(json.loads(first))) if first else 0


def _perform(asked: io.RawIOBase, places: Places) -> int:
    ip = shutil.which("ip") or "/sbin/ip"
    cable = subprocess.run(  # noqa: S603 - our own words
        [ip, "-batch", "-"], input=_CABLE, capture_output=True, text=True, timeout=10, check=False
    )
    if cable.returncode:
        sys.stderr.write(cable.stderr.strip() or "ip failed")
        return 1
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as wire:  # protocol 0: it never receives
        wire.bind((SENDS, 0))
        _say({"what": "ready"})
        _send(wire, Sender(places, time.time()), asked)
    return 0


def _send(wire: socket.socket, sender: Sender, asked: io.RawIOBase) -> None:
    while True:
        now = time.time()
        for frame in sender.step(now):
            wire.send(frame)
        while sender.told:
            _say(sender.told.pop(0))
        ready, _, _ = select.select([asked], [], [], _until_next(sender))
        if ready:
            line = asked.readline()
            if not line:
                return
            sender.begin_story(float(json.loads(line)["start"]))


def _until_next(sender: Sender) -> float:
    following = sender.timeline.next_at()
    return _LONGEST_WAIT_S if following is None else min(_LONGEST_WAIT_S, max(0.0005, following - time.time()))


def _say(what: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
