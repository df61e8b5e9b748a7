"""What people read: titles and explanations of causes and risks, in English and Indonesian. Pure."""

from collections.abc import Mapping, Sequence
from typing import Final

from netmon.core.causes.facts import Fact, LightLow, PortDown, Unreachable
from netmon.core.causes.found import Cause
from netmon.core.causes.optics import FALL_DB, Certainty, Kind, Verdict, had_fallen, judge, lights
from netmon.core.causes.redundancy import Risk
from netmon.core.causes.tables import ELEMENTS, JOINT, JOINTS, LANGUAGES, LIGHT, RISKS, TITLES, WHERE, WHY
from netmon.core.causes.topology import Edge, Topology

NAMES: Final = 12  # how many names a text holds; the count tells of the rest

_WHOM: Final = ("office", "device", "server")  # in what order people are told who is isolated
_ONE_WAY: Final = {Kind.ONE_FIBER, Kind.FIBER_OR_TRANSMITTER}


def title(topology: Topology, cause: Cause, facts: Sequence[Fact] = ()) -> Mapping[str, str]:
    """Return language → one line: what has failed and where. `facts` are its signs and effects, for their light."""
    kind, _, name = cause.element.partition(":")
    edge = topology.edge(name) if kind == "link" else None
    if edge is not None:
        return _link_title(edge, cause, facts)
    silent = cause.degraded and kind in ("device", "server")
    if silent:
        which = f"{'silent' if cause.certain else 'mute'} {kind}"
    elif kind == "site":
        which = "weak site" if cause.degraded else "site"
    else:
        which = kind if cause.certain or kind == "application" else f"maybe {kind}"
    return {language: TITLES[which][language].format(name=name) for language in LANGUAGES}


def _link_title(edge: Edge, cause: Cause, facts: Sequence[Fact]) -> Mapping[str, str]:
    verdict = _verdict(edge, facts)
    kind = "link" if edge.fiber else "uplink"
    if cause.degraded:
        low = _low(cause, facts)
        which = f"{kind} falling" if low and all(light.foretold for light in low) else f"{kind} weak"
    elif not edge.fiber:
        which = "uplink down"
    elif verdict.kind is Kind.TRANSMITTER:
        which = "link transmitter"
    elif verdict.kind is Kind.PORT and verdict.certainty is not Certainty.POSSIBLE:
        which = "link port"
    elif verdict.kind in _ONE_WAY:
        which = "link one way"
    else:
        which = "link cut" if cause.certain else "link maybe cut"
    return {
        language: TITLES[which][language].format(
            where=_in_brackets(where(edge)[language]),
            sender=verdict.sender,
            receiver=verdict.receiver,
            **_of_edge(edge),
        )
        for language in LANGUAGES
    }


def where(edge: Edge) -> Mapping[str, str]:
    """Return language → a fiber's kilometres and joints, by their distance from end a; empty where none are known."""
    return {language: _where(edge, language) for language in LANGUAGES}


def _where(edge: Edge, language: str) -> str:
    if not edge.fiber or edge.length_km <= 0:
        return ""
    parts = [WHERE[language].format(km=f"{edge.length_km:g}")]
    kms = [f"{km:.2f}" for km in sorted(km for _, km in edge.joints)]
    if len(kms) == 1:
        parts.append(JOINT[language].format(km=kms[0]))
    elif kms:
        parts.append(JOINTS[language].format(kms=", ".join(kms[:-1]), km=kms[-1]))
    return ", ".join(parts)


def explanation(topology: Topology, cause: Cause, facts: Sequence[Fact] = ()) -> Mapping[str, str]:
    """Return language → sentences: why it is thought so, what else it may be, whom it isolates.

    `facts` are its signs and effects; without them less is said.
    """
    return {language: " ".join(_sentences(topology, cause, facts, language)) for language in LANGUAGES}


def _sentences(topology: Topology, cause: Cause, facts: Sequence[Fact], language: str) -> list[str]:
    kind, _, name = cause.element.partition(":")
    edge = topology.edge(name) if kind == "link" else None
    said = [_why(cause, facts, language)]
    verdict = None if edge is None or not edge.fiber else _verdict(edge, facts)
    if verdict is not None and not (cause.degraded and verdict.kind is Kind.PORT):  # its light is what is wrong
        said.append(_light(verdict, language))
    if cause.alternatives:
        others = ", ".join(element(topology, other)[language] for other in cause.alternatives)
        said.append(WHY["or"][language].format(others=others))
    if cause.isolated:
        said.append(WHY["isolated"][language].format(names=_names(cause.isolated, language)))
    return [sentence for sentence in said if sentence]


def _why(cause: Cause, facts: Sequence[Fact], language: str) -> str:
    """Return on what a cause rests."""
    kind = cause.element.partition(":")[0]
    if kind == "link":
        return _why_link(cause, facts, language)
    if kind == "site":
        return WHY["mains" if cause.degraded else "all dark"][language]
    if kind == "application" or cause.degraded or not facts:
        return ""
    told = any(isinstance(fact, PortDown) and fact.id in cause.effects for fact in facts)
    return WHY["dark around" if told else "no word"][language]


def _why_link(cause: Cause, facts: Sequence[Fact], language: str) -> str:
    if cause.degraded:
        return _why_weak(_low(cause, facts), language)
    if not cause.facts:
        return WHY["border"][language]
    tellers = sorted({fact.node for fact in facts if isinstance(fact, PortDown) and fact.id in cause.facts})
    if not tellers:
        return ""
    return WHY["both ends" if len(tellers) > 1 else "one end"][language].format(node=tellers[0])


def _why_weak(low: Sequence[LightLow], language: str) -> str:
    now = sorted({light.node for light in low if not light.foretold})
    if now or not low:
        return WHY["light at both ends" if len(now) > 1 else "light"][language]
    soon = sorted({light.node for light in low})
    return WHY["falling at both ends" if len(soon) > 1 else "falling"][language].format(node=soon[0])


def _low(cause: Cause, facts: Sequence[Fact]) -> Sequence[LightLow]:
    """Return what a cause's own signs tell of light."""
    return [fact for fact in facts if isinstance(fact, LightLow) and fact.id in cause.facts]


def element(topology: Topology, name: str) -> Mapping[str, str]:
    """Return language → an element in words: `fiber ring-03 between acc-rsud and acc-disdik`."""
    kind, _, short = name.partition(":")
    edge = topology.edge(short) if kind == "link" else None
    if edge is not None:
        which = "link" if edge.fiber else "uplink"
        return {language: ELEMENTS[which][language].format(**_of_edge(edge)) for language in LANGUAGES}
    texts = ELEMENTS.get(kind)
    return {
        language: texts[language].format(name=short) if texts and kind != "link" else name for language in LANGUAGES
    }


def risk(topology: Topology, lost: Risk) -> Mapping[str, str]:
    """Return language → one line: which further failure would isolate whom."""
    a, b = lost.between
    whom = _whom(topology, lost)
    most = len(lost.edges) > 1 and sum(map(len, whom.values())) > 1  # the worst cut of several that differ
    return {
        language: RISKS["stretch" if lost.edges else "node"][language].format(
            a=a,
            b=b,
            most=RISKS["most"][language] if most else "",
            whom="; ".join(_counted(what, names, language) for what, names in whom.items()),
        )
        for language in LANGUAGES
    }


def _whom(topology: Topology, lost: Risk) -> Mapping[str, Sequence[str]]:
    """Return a word for what is lost → the names: sites, and of sites that are not lost as a whole what is."""
    found: dict[str, list[str]] = {"office": list(lost.sites)} if lost.sites else {}
    for name in lost.isolates:
        node = topology.node(name)
        if node is None or node.site not in lost.sites:
            found.setdefault("server" if node is not None and node.kind == "server" else "device", []).append(name)
    return dict(sorted(found.items(), key=lambda each: _WHOM.index(each[0])))


def _counted(what: str, names: Sequence[str], language: str) -> str:
    """Return `2 offices: dinkes, rsud`."""
    count = RISKS[what if len(names) == 1 else f"{what}s"][language].format(n=len(names))
    return f"{count}: {_names(names, language)}"


def _names(names: Sequence[str], language: str) -> str:
    shown = ", ".join(names[:NAMES])
    more = len(names) - NAMES
    return shown if more <= 0 else WHY["more"][language].format(names=shown, count=more)


def _in_brackets(text: str) -> str:
    return f" ({text})" if text else ""


def _of_edge(edge: Edge) -> dict[str, str]:
    return {"name": edge.name, "a": edge.a, "b": edge.b, "port": _in_brackets(edge.a_port)}


def _verdict(edge: Edge, facts: Sequence[Fact]) -> Verdict:
    silent = [fact.node for fact in facts if isinstance(fact, Unreachable)]
    return judge(edge, *lights(edge, facts, silent), before=had_fallen(edge, facts))


def _light(verdict: Verdict, language: str) -> str:
    if verdict.kind is Kind.UNKNOWN:
        return ""
    which = verdict.kind.value
    if verdict.certainty is Certainty.POSSIBLE and f"possible {which}" in LIGHT:
        which = f"possible {which}"
    fell_db = verdict.fell_db or 0.0
    by = "" if fell_db < FALL_DB else LIGHT["by"][language].format(db=f"{fell_db:.1f}")
    return LIGHT[which][language].format(sender=verdict.sender, receiver=verdict.receiver, by=by)
