"""What the operator can set for scheduling. Units are in the names."""

from pydantic import Field

from netmon.app.settings.base import Model


class ScheduleSettings(Model):
    """How polls are spread, and what happens to those that come late and to devices that do not answer."""

    late_grace_s: float = Field(
        default=5, ge=0, le=3600
    )  # a poll that would start later than this, and than a quarter of its interval, is skipped
    max_concurrent_polls: int = Field(default=500, ge=1, le=100_000)  # memory is about 50 kB for each poll under way
    poll_deadline_s: float = Field(default=25, gt=0, le=3600)  # of one poll, when its interval is not shorter still
    dead_backoff_max_s: float = Field(default=60, ge=1, le=86_400)  # longest wait between polls of a silent device
    drain_s: float = Field(default=1.5, ge=0, le=60)  # polls under way may go on this long at the end
