"""The append-only record: segments of JSON lines, a Merkle tree over them, signed checkpoints, an index."""
