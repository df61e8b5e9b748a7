"""A program that looks for its master: one client asks for many domains that do not exist (T1568.002).

What is infected tries domains drawn by the day until one is registered (Antonakakis et al., USENIX Security 2012).
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Final, TypeAlias

from netmon.api import Severity, Value
from netmon.api.networks import Networks
from netmon.api.traffic import Second, address_text
from rules.traffic import telling
from rules.traffic.dns_failures.failures import Address
from rules.traffic.dns_failures.settings import DnsFailureSettings
from rules.traffic.dns_names import is_generated
from rules.traffic.episode import Seen

NAME: Final = "generated_domains"
TECHNIQUE: Final = "T1568.002"
_MOST: Final = 512  # domains remembered of one client: 60 kB
_SAMPLES: Final = 5
_MAIL, _TCP, _SYN_ACK = 25, 6, 18

_Evidence: TypeAlias = Mapping[str, str | Value]


@dataclass(slots=True)
class _Client:
    domains: OrderedDict[str, float] = field(default_factory=OrderedDict)  # when it was asked for last
    generated: dict[str, None] = field(default_factory=dict)
    mail_at: float = -inf  # when it answered on the port of mail servers last
    new: int = 0  # since it was told last
    flood_at: float = -inf  # when it asked faster than anybody does who looks for something


class Clients:
    """Who asked for which domains in vain. At most `keys`: who was silent longest goes first."""

    def __init__(self, settings: DnsFailureSettings, networks: Networks) -> None:
        self._settings = settings
        self._networks = networks
        self._clients: OrderedDict[Address, _Client] = OrderedDict()
        self._servers: OrderedDict[Address, None] = OrderedDict()  # who was asked, last
        self._near: dict[Address, float] = {}  # who has half of what is told, and when it asked in vain last
        self.dropped = 0

    def asked(self, server: Address) -> None:
        """Take that somebody was asked: a resolver, which asks others in turn."""
        self._servers[server] = None
        self._servers.move_to_end(server)
        if len(self._servers) > self._settings.keys:
            self._servers.popitem(last=False)

    def take(self, client: Address, domain: str, now: float) -> bool:
        """Take a registered domain that does not exist; tell whether the client had not asked for it."""
        each = self._clients.get(client)
        if each is None:
            each = self._clients[client] = _Client()
            if len(self._clients) > self._settings.keys:
                self._clients.popitem(last=False)
                self.dropped += 1
        self._clients.move_to_end(client)
        if now - each.flood_at < self._settings.window_s:
            return False  # the end of a flood
        fresh = domain not in each.domains
        each.domains[domain] = now
        each.domains.move_to_end(domain)
        if 2 * len(each.domains) >= self._settings.domains:
            self._near[client] = now
        if fresh:
            each.new += 1
            if is_generated(domain.partition(".")[0]):
                each.generated[domain] = None
            if len(each.domains) > _MOST:
                each.generated.pop(each.domains.popitem(last=False)[0], None)
        return fresh

    def floods(self, client: Address, now: float) -> None:
        """Take that a client asks faster than anybody does who looks for something: its names are a flood's."""
        each = self._clients.get(client)
        if each is not None:
            each.flood_at = now
            each.domains.clear()
            each.generated.clear()

    def watch(self, second: Second) -> None:
        """Look which of the clients that come near their bound are mail servers: somebody's mail reaches them.

        They look up the domains of whoever claims to send, and what sends spam draws those from letters.
        """
        if not self._near or not len(second.ended):
            return
        before = second.end - self._settings.domains_window_s
        self._near = {key: at for key, at in self._near.items() if at > before and key in self._clients}
        rows = second.ended[second.ended["destination_port"] == _MAIL]
        rows = rows[(rows["protocol"] == _TCP) & (rows["reply_tcp_flags"] & _SYN_ACK == _SYN_ACK)]
        servers = set(zip(rows["destination_hi"].tolist(), rows["destination_lo"].tolist(), strict=True))
        for key in servers & self._near.keys():
            self._clients[key].mail_at = second.end

    def judge(self, client: Address, now: float) -> Seen | None:
        """Tell what a client that asked for another domain looks like."""
        each = self._clients.get(client)
        settings = self._settings
        if each is None or len(each.domains) < settings.domains:
            return None
        if client in self._servers:  # it asks in the name of many, and of those who ask it each is seen for itself
            return None
        while each.domains and next(iter(each.domains.values())) <= now - settings.domains_window_s:
            each.generated.pop(each.domains.popitem(last=False)[0], None)
        count = len(each.domains)
        mail = each.mail_at > now - settings.domains_window_s
        enough = settings.mail_domains if mail else settings.domains
        if count < enough or len(each.generated) < settings.generated_share * count:
            return None
        return self._seen(client, each)

    def _seen(self, client: Address, each: _Client) -> Seen:
        new, each.new = each.new, 0
        who = self._networks.name_of(*client)
        return Seen(
            key=address_text(*client),
            target=who,
            severity=Severity.ERROR,
            source=address_text(*client),
            victim=who,
            text={language: _text(language, who) for language in ("en", "id")},
            counts={"domains": new},
            evidence={
                "domains": len(each.domains),
                "generated_domains": len(each.generated),
                "sample": " ".join(list(each.generated)[:_SAMPLES]),
            },
            since=min(each.domains.values()),
        )


def _text(language: str, who: str) -> Callable[[_Evidence], str]:
    def text(evidence: _Evidence) -> str:
        count = telling.number(float(evidence["domains"]), language)
        if language == "id":
            return f"{who} mencari {count} domain yang tidak ada dan tampak acak, seperti program yang mencari tuannya"
        return f"{who} looks for {count} domains that do not exist and look drawn at random, as malware does"

    return text
