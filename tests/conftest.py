"""What holds for all tests."""

from hypothesis import settings

from netmon.app.traffic.needs import use_cache

# One place for compiled loops: the tests' own, and those of the commands that they start.
use_cache()

# No deadline: a busy machine is no bug. No database: a checkout that belongs to someone else cannot be written to.
settings.register_profile("netmon", deadline=None, database=None)
settings.load_profile("netmon")
