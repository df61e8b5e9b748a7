"""Columns in which flows are kept: what a decoder has to know of them to write flows there and nowhere before.

Only the words that who keeps flows and who decodes them share belong here.
"""

from typing import Final

import numpy as np

FIELD: Final = np.dtype(
    [
        ("word", "u8"),  # of the record
        ("shift", "u8"),
        ("mask", "u8"),
        ("default", "u8"),
        ("wide", "u8"),  # 1: a column of 64 bits
        ("present", "u8"),  # 0: all so far was the default, and nothing was written; else its column's row and one
    ]
)
"""Where a column's field stands in a RECORD, and where the column is."""
