"""What the operator can set about the ledger. Units are in the names."""

from pydantic import BaseModel, ConfigDict, Field, field_validator

from netmon.core.ledger.record import Kind


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class RetentionSettings(_Model):
    """How many months records are kept, by category. null: for ever."""

    default_months: int | None = Field(default=24, ge=1, le=1_200)
    categories: dict[str, int | None] = Field(default_factory=dict)

    @field_validator("categories")
    @classmethod
    def _months(cls, categories: dict[str, int | None]) -> dict[str, int | None]:
        if Kind.LEDGER in categories:
            raise ValueError("what the ledger says of itself is kept for ever; leave `ledger` out")
        for category, months in categories.items():
            if months is not None and not 1 <= months <= 1_200:
                raise ValueError(f"{category}: {months} is not between 1 and 1200 months; null means for ever")
        return categories

    def months(self, category: str) -> int | None:
        """Return how long this category is kept; None: for ever."""
        if category == Kind.LEDGER:
            return None
        return self.categories.get(category, self.default_months)


class LedgerSettings(_Model):
    """How the ledger is written."""

    # How long a record waits for others that share its fsync. At 10 ms a disk sees 100 fsyncs a second at most.
    commit_wait_ms: float = Field(default=10, ge=0, le=100)
    segment_max_bytes: int = Field(default=64 << 20, ge=4_096, le=4 << 30)  # a restart reads one segment: about 1 s
    # What waits in memory while the disk cannot be written: two minutes of 1,000 records/s, about 200 MB.
    max_waiting_records: int = Field(default=120_000, ge=1_000)
    max_record_bytes: int = Field(default=1 << 20, ge=1_024, le=16 << 20)  # one line; what is longer is refused
    stalled_after_s: float = Field(default=5, ge=0.1, le=600)  # a write that takes longer counts as a disk that hangs
    max_senders: int = Field(default=10_000, ge=10)  # whose last numbers are remembered; the longest silent goes first
    retention: RetentionSettings = Field(default_factory=RetentionSettings)
