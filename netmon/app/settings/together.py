"""How the sections of netmon.yaml hang together: with each other, the inventory and the web configuration file."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from exporters.prometheus.webconfig import WebConfig
from exporters.witness.settings import MailWitness
from netmon.api import ConfigError, Fault
from netmon.app.settings.document import Document, inside
from netmon.app.settings.model import NetmonSettings
from netmon.app.settings.problems import show
from netmon.app.settings.references import Entry, MayExist, remedy_for
from netmon.core.notices.settings import Match, route_name

SCOPES: Final[Mapping[str, str]] = {
    "site": "sites",
    "link": "links",
    "device": "devices",
    "server": "servers",
    "application": "applications",
}
"""What maintenance can be on → the section of the inventory that names them."""

_EVERY_HOST: Final = frozenset({"", "0.0.0.0", "[::]", "*"})  # noqa: S104 - they are compared with, not bound to

Understands = Callable[[str], bool]
"""Tells whether messages can be sent to a URL."""
ReadWeb = Callable[[Path, type[WebConfig]], WebConfig]
"""Reads the web configuration file; ConfigError where it cannot be used."""


def check_scopes(main: Document, entries: Iterable[Entry], may_exist: MayExist) -> Iterator[Fault]:
    """Give the scopes of planned maintenance that mean nothing in the inventory."""
    names: dict[str, dict[str, None]] = {section: {} for section in SCOPES.values()}
    for entry in entries:
        if entry.section in names and entry.text("name"):
            names[entry.section][entry.text("name")] = None
    windows = inside(main.data, ("alerts", "maintenance"))
    for number, window in enumerate(windows if isinstance(windows, list) else ()):
        scopes = inside(window, ("scope",))
        for index, scope in enumerate(scopes if isinstance(scopes, list) else ()):
            path = ("alerts", "maintenance", number, "scope", index)
            kind, colon, name = scope.partition(":") if isinstance(scope, str) else ("", "", "")
            if not colon or kind not in SCOPES:
                kinds = ", ".join(f"{one}:NAME" for one in SCOPES)
                yield main.fault(path, "scope_form", value=show(scope), kinds=kinds)
            elif name not in names[SCOPES[kind]] and not may_exist(SCOPES[kind], name):
                remedy = remedy_for(SCOPES[kind], name, tuple(names[SCOPES[kind]]))
                yield main.fault(path, f"unknown_{kind}", value=name, remedy=remedy)


def check(
    main: Document, netmon: NetmonSettings, read_web: ReadWeb, understands: Understands | None
) -> Iterator[Fault]:
    """Give what is wrong between sections that are right by themselves. `understands`: None where nobody can tell."""
    yield from _routes(main, netmon)
    yield from _listen(main, netmon)
    yield from _roles(main, netmon, read_web)
    if understands is not None:
        yield from _urls(main, netmon, understands)


def _routes(main: Document, netmon: NetmonSettings) -> Iterator[Fault]:
    """Give the routes that come after one that takes every incident and lets none go on."""
    greedy = None
    for index, route in enumerate(netmon.notify.routes):
        if greedy is not None:
            yield main.fault(("notify", "routes", index), "route_unreached", before=greedy)
        elif route.match == Match() and not route.continue_:
            greedy = route_name(route, index)


def _listen(main: Document, netmon: NetmonSettings) -> Iterator[Fault]:
    """Give the core's addresses that a poller on this machine has; only where somebody wrote them."""
    if "core" not in netmon.model_fields_set:
        return
    for index, address in enumerate(netmon.core.listen):
        taken = next((other for other in netmon.web.listen if _overlap(address, other)), None)
        if taken is not None:
            yield main.fault(("core", "listen", index), "same_address", other=taken)


def _overlap(one: str, other: str) -> bool:
    (host, _, port), (their_host, _, their_port) = one.rpartition(":"), other.rpartition(":")
    same_host = host == their_host or not _EVERY_HOST.isdisjoint((host, their_host))
    return port == their_port != "0" and same_host


def _roles(main: Document, netmon: NetmonSettings, read_web: ReadWeb) -> Iterator[Fault]:
    """Give roles of users who do not exist: a name that is misspelt here is an operator who cannot act at night."""
    path = netmon.web.web_config_file
    if not netmon.api.roles:
        return
    try:
        users: Collection[str] = read_web(path, WebConfig).basic_auth_users if path is not None else ()
    except ConfigError:  # told where it is used
        return
    if not users:
        yield main.fault(("api", "roles"), "roles_without_users", key=True)
        return
    for user in netmon.api.roles:
        if user not in users:
            remedy = remedy_for("users", user, tuple(users))
            yield main.fault(("api", "roles", user), "unknown_user", key=True, value=user, file=path, remedy=remedy)


def _urls(main: Document, netmon: NetmonSettings, understands: Understands) -> Iterator[Fault]:
    """Give the URLs over which nobody would ever hear anything."""
    for (person, channel), url in netmon.notify.urls().items():
        if not understands(url.get_secret_value()):
            yield main.fault(("notify", "people", person, "channels", channel, "url"), "not_understood")
    for index, witness in enumerate(netmon.witness.witnesses):
        if isinstance(witness, MailWitness) and not understands(witness.apprise_url.get_secret_value()):
            yield main.fault(("witness", "witnesses", index, "apprise_url"), "not_understood")
