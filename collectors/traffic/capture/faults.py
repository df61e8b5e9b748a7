"""What can be wrong with what we are to capture from."""

from netmon.api.errors import ConfigError, Fault


class CaptureFault(ConfigError):
    """A file that is no capture, or an interface that cannot be listened to. `octet`: where in the file, from 0."""

    def __init__(self, name: str, problem: str, remedy: str, *, octet: int = 0) -> None:
        self.octet = octet
        super().__init__(Fault(name, 0, 0, problem, remedy))
