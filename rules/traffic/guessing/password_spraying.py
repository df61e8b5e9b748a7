"""Few tries on each of many hosts by one source, or by each of many sources on one host (T1110.003)."""

import numpy as np
from numpy.typing import NDArray

from rules.traffic.guessing.attempts import alike
from rules.traffic.guessing.settings import GuessingSettings, Service

NAME = "password_spraying"
TECHNIQUE = "T1110.003"


def judge(rows: NDArray[np.void], service: Service, settings: GuessingSettings) -> bool:
    """Tell whether what one source said to all hosts of a service (ATTEMPT) is spraying."""
    times = max(1.0, service.attempts / 10)
    needed = settings.spray_hosts * times
    return _alike(rows, service, settings.spray_attempts * times) and len(np.unique(rows["host"])) >= needed


def judge_many(rows: NDArray[np.void], service: Service, settings: GuessingSettings) -> bool:
    """Tell whether what sources from outside said to one service of one host (ATTEMPT) is guessing by many."""
    if not service.distributed or not _alike(rows, service, settings.spray_tries):
        return False
    return len(np.unique(rows["source"])) >= settings.spray_sources


def _alike(rows: NDArray[np.void], service: Service, needed: float) -> bool:
    fits = rows["fits"] != 0
    count = np.count_nonzero(fits)
    if count < needed or count < service.alike * len(rows):  # before what takes sorting
        return False
    near, _ = alike(rows["octets"][fits], service.spread)
    return bool(near >= service.alike and fits.mean() >= service.alike)
