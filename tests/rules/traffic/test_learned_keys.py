"""Which keys are known, and which go where there is no room: against a dictionary."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rules.traffic.learned import Learned, hashed
from rules.traffic.learned_settings import LearnedSettings

KEYS = 16


@given(st.lists(st.tuples(st.sets(st.integers(0, 40), max_size=22), st.booleans()), min_size=1, max_size=14))
def test_who_was_not_seen_for_longest_goes_and_nobody_has_the_levels_of_another(
    windows: list[tuple[set[int], bool]],
) -> None:
    learned, known = Learned(("one", "two"), LearnedSettings(keys=KEYS)), dict[int, list[float]]()
    for at, (addresses, again) in enumerate(windows, start=1):
        lo = np.array(sorted(addresses), np.uint64)
        hi, marks = np.zeros(len(lo), np.uint64), hashed(np.zeros(len(lo), np.uint64), lo).tolist()
        levels, _ = learned.normal(hi, lo, np.zeros(2), at)
        assert [row.any() for row in levels] == [mark in known for mark in marks]
        rates = np.stack((lo + np.uint64(1), lo + np.uint64(2)), axis=1).astype(float)
        floors, held = np.full(2, np.inf), np.zeros(rates.shape, np.bool_)
        learned.learn(hi, lo, rates, floors=floors, held=held, at=at, length_s=1.0)
        fresh = sorted(mark for mark in marks if mark not in known)
        fresh = fresh[: max(KEYS - len(set(marks) & set(known)), 0)]
        for mark in sorted(known.keys() - set(marks), key=lambda mark: (known[mark][0], mark)):
            if len(known) + len(fresh) > KEYS:
                del known[mark]
        for mark, low in zip(marks, lo.tolist(), strict=True):
            if mark in known or mark in fresh:
                known[mark] = [at, known.get(mark, [0, 0])[1] + 1, low + 1.0]
        if again:
            other = Learned(("one", "two"), LearnedSettings(keys=KEYS))
            other.restore(learned.save())
            learned.restore(other.save())
        saved = learned.save()
        assert len(learned) == len(known)
        assert saved["keys"].tolist() == sorted(known)
        for row, mark in enumerate(sorted(known)):
            assert [saved["last"][row], saved["windows"][row]] == known[mark][:2]
            assert saved["levels"][0, row, 0] <= known[mark][2] + 1e-9
            assert saved["levels"][0, row, 1] - saved["levels"][0, row, 0] > 0
