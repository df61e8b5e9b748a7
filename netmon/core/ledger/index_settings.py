"""What the operator can set of the ledger's index."""

from typing import Final

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

_SCHEMES: Final = ("postgresql://", "postgres://")


class IndexSettings(BaseModel):
    """The index for queries. It can be rebuilt from the ledger at any time, so nothing is lost with it."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    url: SecretStr | None = None  # postgresql://user:password@host/database; None: SQLite beside the ledger
    batch_max_records: int = Field(default=1000, ge=1, le=10_000)  # of one transaction
    batch_max_bytes: int = Field(default=1 << 20, ge=1 << 10, le=1 << 26)  # what a batch may take of memory, about
    retry_min_s: float = Field(default=1.0, gt=0, le=60)  # after a failure of the database; doubled while it lasts
    retry_max_s: float = Field(default=60.0, gt=0, le=3600)
    connect_timeout_s: float = Field(default=5.0, gt=0, le=60)
    query_timeout_s: float = Field(default=30.0, gt=0, le=3600)  # then a search is given up
    queries_max: int = Field(default=4, ge=1, le=64)  # searches at a time; as many again may wait for their turn

    @field_validator("url")
    @classmethod
    def _postgresql(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and not url.get_secret_value().startswith(_SCHEMES):
            raise ValueError("must be the address of a PostgreSQL database: postgresql://user@host/database")
        return url

    @property
    def address(self) -> str | None:
        """Return the URL as SQLAlchemy takes it, with its driver; None for SQLite."""
        if self.url is None:
            return None
        return "postgresql+psycopg://" + self.url.get_secret_value().partition("://")[2]
