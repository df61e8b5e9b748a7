"""What can be set about learning what is normal."""

from pydantic import Field

from rules.traffic.detector import Model


class LearnedSettings(Model):
    """How fast what is normal is learned, and how far above it is too much."""

    keys: int = Field(default=65_536, ge=16, le=4_194_304)  # addresses or prefixes; 480 B each; the longest unseen goes
    rising_s: float = Field(default=3_600.0, gt=0)  # in which a level takes over two thirds of a rise
    falling_s: float = Field(default=1_200.0, gt=0)  # the same of a fall
    peak_rising_s: float = Field(default=600.0, gt=0)  # in which a peak takes over two thirds of a rise
    peak_half_life_s: float = Field(default=7 * 86_400.0, gt=0)  # in which a peak that is not reached falls by half
    factor: float = Field(default=3.0, ge=1)  # levels that a bound is at least
    spreads: float = Field(default=6.0, ge=0)  # mean deviations on top
    grown_windows: float = Field(default=30.0, ge=1)  # until what was learned counts in full; before, floors hold
    headroom: float = Field(default=1.5, ge=1)  # peaks that a bound is at least
    accept_after_s: float = Field(default=7 * 86_400.0, gt=0)  # of being held without a pause: then it is the normal
