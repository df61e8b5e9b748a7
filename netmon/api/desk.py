"""How the ways out see the core: what they may read, what operators may do, and how a delivery fails."""

from abc import abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from netmon.api.alerts import Alert, Incident, Maintenance, Matcher, Message, Silence
from netmon.api.errors import NetmonError
from netmon.api.predictions import Outcome, Predicted, RuleAccount
from netmon.api.protocols import Component
from netmon.api.unusual import Unusual
from netmon.api.words import Event, Finding, Severity


class DeskError(NetmonError):
    """The core cannot do what was asked."""


class Unknown(DeskError):
    """There is no such alert, incident, silence or maintenance window."""


class Invalid(DeskError):
    """What was asked makes no sense: an end before its start, a pattern that does not compile, an empty reason."""


class Unavailable(DeskError):
    """The ledger cannot be written, so nothing was changed. Ask again when it can."""


class Unrecorded(Unavailable):
    """What was asked took effect, but the disk has not taken its record yet: it will when it can. Do not ask again."""


class Retryable(NetmonError):
    """A delivery failed in a way that may pass. `after_s`: when the other side says to come back."""

    def __init__(self, problem: str, after_s: float | None = None) -> None:
        super().__init__(problem)
        self.after_s = after_s


class Rejected(NetmonError):
    """A delivery was refused for good: sending the same again is useless."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of what was handed in: received = stored + sum of dropped."""

    received: int
    stored: int
    dropped: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Query:
    """What to look for in the ledger. Empty means any. Times are Unix seconds; `until` is not included."""

    since: float | None = None
    until: float | None = None
    kinds: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()  # a trailing * stands for any ending
    sources: tuple[str, ...] = ()
    severity: Severity | None = None  # at least this
    text: str = ""  # somewhere in the record, without regard to case
    after_seq: int | None = None  # records above this one, or below it where newest come first: to page on
    newest_first: bool = True
    limit: int = 100


@dataclass(frozen=True, slots=True)
class NewSilence:
    """A silence that somebody asks for."""

    matchers: tuple[Matcher, ...]
    starts_at: float
    ends_at: float
    reason: str
    origin: str = "netmon"


@dataclass(frozen=True, slots=True)
class NewMaintenance:
    """A maintenance window that somebody asks for. `scope` names what: `site:NAME`, `link:NAME`, `device:NAME`."""

    scope: tuple[str, ...]
    starts_at: float
    ends_at: float
    reason: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class CoreStatus:
    """How the core is. `problems` is empty when all is well; each is one sentence for people."""

    ok: bool
    problems: tuple[str, ...]
    ledger_size: int  # records
    index_lag: int  # records not yet in the index
    sources: Mapping[str, float]  # daemon → Unix seconds when it was last heard


class Desk(Protocol):
    """The core's counter. Reading never blocks; doing returns when the ledger has it on disk."""

    def alerts(self) -> Sequence[Alert]:
        """Return alerts: open ones first, then those resolved lately; of each the worst, the newest, then by id."""

    def alert(self, alert_id: str) -> Alert:
        """Return one alert by its id or an unambiguous beginning of it; Unknown where there is none."""

    def incidents(self) -> Sequence[Incident]:
        """Return the incidents that are open, and those resolved lately, worst and newest first."""

    def incident(self, incident_id: str) -> Incident:
        """Return one incident; Unknown where there is none."""

    def alerts_of(self, incident_id: str) -> Sequence[Alert]:
        """Return the alerts of an incident."""

    def silences(self) -> Sequence[Silence]:
        """Return silences that are active or will be, and those that ended lately."""

    def maintenances(self) -> Sequence[Maintenance]:
        """Return maintenance windows that are open or will be, and those that ended lately."""

    def status(self) -> CoreStatus:
        """Return how the core is."""

    def predictions(self, outcomes: Collection[Outcome]) -> Sequence[Predicted]:
        """Return predictions with these outcomes: open ones, the nearest first, then the latest scored."""

    def prediction_accounts(self, since: float | None = None) -> Sequence[RuleAccount]:
        """Return what became of each rule's predictions, of those scored since a time if one is given."""

    def unusual(self, since: float, until: float) -> Sequence[Unusual]:
        """Return the series that were unusual then (Unix seconds), each when most so, the most unusual first."""

    def unusual_at(self, incident_id: str) -> Sequence[Unusual]:
        """Return what was unusual at an incident's targets around its time, as above; Unknown where there is none."""

    async def history(self, query: Query) -> Sequence[Mapping[str, object]]:
        """Return records of the ledger, each as it stands there."""

    async def submit(self, things: Sequence[Finding | Event], source: str) -> Receipt:
        """Take findings and events; returns when they are on disk."""

    async def acknowledge(self, ids: Sequence[str], author: str, note: str = "") -> Sequence[Alert]:
        """Take alerts (or all of an incident, by its id) in hand."""

    async def unacknowledge(self, ids: Sequence[str], author: str, note: str = "") -> Sequence[Alert]:
        """Put alerts back."""

    async def resolve(self, ids: Sequence[str], author: str, note: str = "") -> Sequence[Alert]:
        """Close alerts by hand; they come back when their rule says them again."""

    async def comment(self, thing: str, author: str, note: str) -> None:
        """Add a remark to an alert or an incident, for the record."""

    async def silence(self, new: NewSilence, author: str) -> Silence:
        """Keep what matches from disturbing people."""

    async def end_silence(self, silence_id: str, author: str) -> Silence:
        """End a silence now."""

    async def maintain(self, new: NewMaintenance, author: str) -> Maintenance:
        """Announce work."""

    async def end_maintenance(self, maintenance_id: str, author: str) -> Maintenance:
        """End a maintenance window now."""


class AlertSink(Component, Protocol):
    """A way out for alerts that keeps itself in step with what the desk shows (Alertmanager, a page)."""

    name: str

    def changed(self, alerts: Sequence[Alert]) -> None:
        """Learn that these changed; called when the ledger has it. Returns at once."""


class Courier(Component, Protocol):
    """Carries one message to one person. Retries, limits and order are the core's."""

    name: str

    async def deliver(self, message: Message) -> None:
        """Deliver; return when the other side has taken it. Raises Retryable or Rejected."""


class Witness(Protocol):
    """Keeps the ledger's checkpoints where whoever may change the ledger has no say."""

    name: str
    interval_s: float  # how often it wants the newest

    async def publish(self, note: bytes, time: float) -> None:
        """Hand a signed checkpoint over; return when the other side has it. Raises Retryable or Rejected.

        `time` is when it was signed, in Unix seconds. The newest says all that those before it said.
        """


class Uplink(Protocol):
    """Takes findings and events towards the core. Returns at once; what cannot be kept is counted, with its reason."""

    def send(self, things: Sequence[Finding | Event]) -> None:
        """Take these: they are on disk, or with the core, within a tenth of a second."""


class OpenAlerts(Mapping[str, Alert]):
    """The alerts that fire, acknowledged or not, by id, and what a correlator asks about them. The core fills it."""

    @abstractmethod
    def of_site(self, site: str) -> Mapping[str, Collection[str]]:
        """Return target → ids of its alerts, for one site."""

    @abstractmethod
    def key_of(self, alert_id: str) -> str:
        """Return the key of the incident that an alert belongs to; empty where it has none yet."""

    @abstractmethod
    def of_rule(self, rule: str) -> Mapping[str, Alert]:
        """Return the alerts of a rule by id: those that fire, and those that are pending."""

    @abstractmethod
    def over_of_rule(self, rule: str) -> Mapping[str, Alert]:
        """Return the alerts of a rule by id that were resolved lately and have not come back."""

    @abstractmethod
    def is_ending(self, alert_id: str) -> bool:
        """Tell whether an alert's source said that it is over, and it only fires on in case that it comes back."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an alert belongs: the key of its incident, and the element whose failure explains it, if another does."""

    key: str
    effect_of: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """What is thought of an incident's cause: the element that failed, and in words by language code, `en` too.

    `ending`: what shows it was said to be over, so that the words of an incident that is open should stay.
    """

    cause: str
    titles: Mapping[str, str]
    explanation: Mapping[str, str]
    ending: bool = False


class Correlator(Protocol):
    """Decides which alerts are one incident, and which failure explains the others. Pure."""

    def weighs(self, alert: Alert) -> bool:
        """Tell whether an alert is a sign from which causes are found. `review` places these, `assign` the others."""

    def assign(self, fired: Sequence[Alert], open_alerts: OpenAlerts) -> Mapping[str, str]:
        """Return alert id → incident key, for those that just fired and for open ones that belong elsewhere now.

        Those that just fired are among the open ones.
        """

    def review(self, open_alerts: OpenAlerts, now: float) -> Mapping[str, Place]:
        """Look at all signs together; return alert id → its place, for those that are not where they belong."""

    def is_due(self, now: float) -> bool:
        """Tell whether time alone changes what a review would say."""

    def accounts(self) -> Mapping[str, Account]:
        """Return incident key → what is thought of its cause since the last review."""

    def title(self, key: str, alerts: Sequence[Alert]) -> Mapping[str, str]:
        """Return an incident's title by language code; `en` is always there."""

    def findings(self, open_alerts: OpenAlerts, now: float) -> Sequence[Finding]:
        """Return what follows from the causes and is to be said, or said to be over: redundancy that is lost."""
