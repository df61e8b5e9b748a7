"""What holds for all tests."""

from hypothesis import settings

# No deadline: a busy machine is no bug. No database: a checkout that belongs to someone else cannot be written to.
settings.register_profile("netmon", deadline=None, database=None)
settings.load_profile("netmon")
