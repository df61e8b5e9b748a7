"""Brings the simulated devices to life: an agent on every address of the inventory, with the configured credentials."""

from collections.abc import Callable, Mapping

from collectors.snmp.settings import CommunityCredential, Credential, UserCredential
from collectors.snmp.usm import Engine, User
from netmon.app.settings import Settings
from netmon.app.settings.words import split_address
from netmon.demo.agent import Agent, CannotServeError, Responder
from netmon.demo.devices import view_of
from netmon.demo.layout import Node
from netmon.demo.mibs.system import engine_id
from netmon.demo.ring import Ring
from netmon.demo.story import Story, troubles
from netmon.demo.usm import Usm
from netmon.demo.wear import Wear

SNMP_PORT = 161


class World:
    """The ring and its agents. Inert until `start`."""

    def __init__(self, settings: Settings) -> None:
        """Lay the world out. NotSimulatedError where the inventory asks for more than is simulated."""
        self.ring = Ring(settings.inventory)
        self.agents = {
            node.name: _agent(self.ring, node, settings.netmon.credentials) for node in self.ring.layout.nodes.values()
        }
        self._responder = Responder()

    def start(self) -> None:
        """Answer on every address. CannotServeError when one is taken; then none is served."""
        try:
            for node in self.ring.layout.nodes.values():
                host, port = split_address(node.address)
                self._responder.serve(self.agents[node.name], (host, port or SNMP_PORT))
        except CannotServeError:
            self.stop()
            raise

    def begin_story(self, start: float) -> None:
        """From `start` on (Unix seconds) let things go wrong now and then; before this, nothing ever does."""
        used = [(node.name, port.index) for node in self.ring.layout.nodes.values() for port in node.ports]
        used = [socket for socket in used if self.ring.traffic.carries(socket)]
        self.ring.story = Story(troubles(self.ring.layout, used), start)

    def age(self, anchor: float) -> None:
        """Let a laser and a disk age, as they will have by Unix time `anchor`."""
        self.ring.wear = Wear(self.ring.layout, anchor)

    def was_silent(self, device: str, at: float) -> bool:
        """Say whether the story has kept a device from answering at some time before `at`."""
        story = self.ring.story
        begun = story.pieces_over(at) + (story.piece(at) is not None)
        cut = [story.number(count).begins for count in range(begun)]
        return device in self.agents and not all(self.ring.reachable(device, begins) for begins in cut)

    def stop(self) -> None:
        """Answer no more."""
        self._responder.close()

    @property
    def varbinds(self) -> int:
        """Return how many values were answered."""
        return sum(agent.counts.varbinds for agent in self.agents.values())

    @property
    def cpu_s(self) -> float:
        """Return the CPU seconds that answering took."""
        return self._responder.cpu_s


def _silence(ring: Ring, node: Node) -> Callable[[float], bool]:
    return lambda now: not ring.reachable(node.name, now)


def _agent(ring: Ring, node: Node, credentials: Mapping[str, Credential]) -> Agent:
    credential = credentials[node.credential]
    view, silent = view_of(ring, node), _silence(ring, node)
    if isinstance(credential, CommunityCredential):
        return Agent(view, credential.community.get_secret_value().encode(), silent=silent)

    def engine(now: float) -> Engine:
        return Engine(engine_id(node), ring.boots(node.name, now), int(now - ring.boot(node.name, now)))

    return Agent(view, community=None, usm=Usm(_user(credential), engine), silent=silent)


def _user(credential: UserCredential) -> User:
    auth, priv = credential.auth_password, credential.priv_password
    return User(
        credential.user.encode(),
        credential.auth_protocol,
        auth.get_secret_value().encode() if auth else b"",
        credential.priv_protocol,
        priv.get_secret_value().encode() if priv else b"",
    )
