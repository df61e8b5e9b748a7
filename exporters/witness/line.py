"""How a checkpoint stands in a file of many: one line of JSON, as in the ledger's own checkpoints.jsonl. Pure."""

import json
from datetime import UTC, datetime


def line_of(note: bytes, time: float) -> bytes:
    """Return the line, with its newline. `time` is in Unix seconds."""
    at = datetime.fromtimestamp(time, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    data = {"time": at, "note": note.decode()}
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
