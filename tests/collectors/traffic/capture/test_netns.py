"""The small networks that tests of live traffic run in."""

import socket
from pathlib import Path

from tests.support.netns import INTERFACE, lan
from tests.support.waiting import eventually_sync


def heard(sock: socket.socket, word: bytes) -> bool:
    """Tell whether a frame with this in it comes within two seconds."""
    sock.settimeout(2)
    try:
        while word not in sock.recv(2_000):
            pass
    except TimeoutError:
        return False
    return True


def running(pid: int) -> bool:
    """Tell whether a process is there and is no zombie."""
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return False


def test_two_hosts_reach_each_other() -> None:
    with lan("left", "right") as net:
        for family, address in ((socket.AF_INET, net["right"].ipv4), (socket.AF_INET6, net["right"].ipv6)):
            with (
                net["right"].socket(family, socket.SOCK_STREAM) as server,
                net["left"].socket(family, socket.SOCK_STREAM) as client,
            ):
                server.bind((address, 8000))
                server.listen()
                client.settimeout(5)
                client.connect((address, 8000))


def test_a_sensor_hears_what_others_say_to_each_other_and_says_nothing() -> None:
    with (
        lan("left", "right", sensor=True) as net,
        net.watching.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)) as ear,
        net["left"].socket(socket.AF_INET, socket.SOCK_DGRAM) as mouth,
        net["right"].socket(socket.AF_INET, socket.SOCK_DGRAM) as other,
    ):
        ear.bind((INTERFACE, 3))
        other.bind((net["right"].ipv4, 9))
        mouth.sendto(b"between the two", (net["right"].ipv4, 9))
        assert heard(ear, b"between the two")
        assert INTERFACE not in net.watching.run("cat", "/proc/self/net/if_inet6").stdout


def test_programs_that_go_into_the_background_end_with_the_network(tmp_path: Path) -> None:
    with lan("alone") as net:
        net["alone"].run("sh", "-c", f"setsid sleep 300 >/dev/null 2>&1 & echo $! > {tmp_path / 'pid'}")
        pid = int((tmp_path / "pid").read_text())
        assert running(pid)
    eventually_sync(lambda: not running(pid))
