"""The bench on alerts plays a whole outage: causes are found, and in the end all is well."""

import pytest

from bench.alerts import outage


def test_an_outage_from_its_first_sign_until_all_is_well(capsys: pytest.CaptureFixture[str]) -> None:
    outage(200)
    told = {line.rpartition("  ")[0].strip(): line.split() for line in capsys.readouterr().out.splitlines()}
    found = told["incidents with a cause, alerts in them"]
    assert (found[-2], int(found[-1].replace(",", "")) > 100) == ("2", True)
    assert told["still open"][-1] == "2"  # the two signs that were told later, and are not over
