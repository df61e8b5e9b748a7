"""`python -m netmon` is the command `netmon`."""

from netmon.app.cli import main

main()
