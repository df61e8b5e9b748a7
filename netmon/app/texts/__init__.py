"""The tables of texts, one module a topic. A new topic is one module with `TEXTS` and one entry in `TABLES`."""

from collections.abc import Mapping
from typing import Final

from netmon.app.texts import (
    actions,
    alerts,
    attention,
    backtest,
    causes,
    check,
    cli,
    core,
    decode,
    demo,
    events,
    faults,
    flows,
    history,
    ledger,
    packs,
    poll,
    predictions,
    refusals,
    status,
    traffic,
)
from netmon.app.texts.text import Text

__all__ = ["TABLES", "Text"]

TABLES: Final[tuple[Mapping[str, Text], ...]] = (
    actions.TEXTS,
    alerts.TEXTS,
    attention.TEXTS,
    backtest.TEXTS,
    causes.TEXTS,
    faults.TEXTS,
    flows.TEXTS,
    check.TEXTS,
    cli.TEXTS,
    core.TEXTS,
    decode.TEXTS,
    demo.TEXTS,
    events.TEXTS,
    history.TEXTS,
    ledger.TEXTS,
    packs.TEXTS,
    poll.TEXTS,
    predictions.TEXTS,
    refusals.TEXTS,
    status.TEXTS,
    traffic.TEXTS,
)
