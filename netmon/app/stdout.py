"""Standard output that takes all that is written to it.

Where PYTHONUNBUFFERED is set, as in many containers and services, Python writes straight to the descriptor and ignores
how much of it was taken: a page longer than a pipe holds is cut off without an error.
"""

import io
import sys


def whole_writes() -> None:
    """Put a buffer back between standard output and its descriptor; lines still leave at once."""
    raw = getattr(sys.stdout, "buffer", None)
    if isinstance(raw, io.RawIOBase):
        text = sys.stdout
        sys.stdout = io.TextIOWrapper(
            io.BufferedWriter(raw), encoding=text.encoding, errors=text.errors, line_buffering=True
        )
