"""Writes docs/snmp-coverage.md: what the profiles read of the recorded devices. Run from the project's root."""

import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path.cwd()))

from tests.support import coverage
from tests.support.snmprec import names


def main() -> None:
    if not names():
        sys.exit("no recorded devices under ../shared/fixtures/librenms")
    scores = asyncio.run(coverage.all_scores())
    coverage.PAGE.write_text(coverage.render(scores))
    print(f"wrote {coverage.PAGE}")


if __name__ == "__main__":
    main()
