"""The bench of the predictions' account: what it replays is foretold, followed and scored by the rule itself."""

from bench.forecast_series import KINDS
from bench.predictions import account, rows, world


def test_series_are_foretold_and_their_predictions_scored() -> None:
    made = world(7, 1)
    assert made.is_met(made.size - 1)
    assert not made.is_met(made.size)
    tally, findings = account(made)
    accounts = tally.accounts()
    assert findings > 0
    assert sum(each.hit for each in accounts) > 0
    assert {each.rule for each in accounts} <= {kind.replace(" ", "_") for kind in KINDS}
    table = list(rows(made, tally))
    assert [row[0] for row in table] == [*KINDS, "all"]
    assert int(table[-1][3]) == sum(each.hit for each in accounts)
