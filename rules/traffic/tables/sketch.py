"""Reads the sketches of the tables: how many different things set their bits."""

import numpy as np
from numpy.typing import NDArray


def distinct(bits: NDArray[np.uint64]) -> NDArray[np.float64]:
    """Estimate how many different things set the bits of each sketch, by linear counting (Whang et al. 1990).

    `bits` is u8[n, words] or u8[words]; the answer is f8[n] or a number in an array of no dimensions. With 512 bits,
    100 are told within 3%, 1,000 within 6%. A full sketch tells the most that it can: 3,545 of 512 bits, 1,597 of 256.
    """
    size = bits.shape[-1] * 64
    clear = size - np.bitwise_count(bits).sum(axis=-1, dtype=np.int64)
    return np.asarray(size * np.log(size / np.maximum(clear, 0.5)))
