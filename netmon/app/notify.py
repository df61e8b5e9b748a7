"""Tells systemd how the daemon is: ready, reloading, stopping, alive (sd_notify(3)). Silent where there is none."""

import os
import socket


def notify(message: str) -> bool:
    """Send one sd_notify message such as `READY=1`; return whether a service manager was there to be told."""
    path = os.environ.get("NOTIFY_SOCKET", "")
    if not path:
        return False
    address = "\0" + path[1:] if path.startswith("@") else path  # @ stands for the abstract namespace
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
            sock.connect(address)
            sock.sendall(message.encode())
    except OSError:
        return False
    return True


def watchdog_interval_s() -> float | None:
    """Return half of the time within which systemd expects a sign of life, or None where it expects none."""
    try:
        microseconds = int(os.environ["WATCHDOG_USEC"])
        ours = int(os.environ.get("WATCHDOG_PID", str(os.getpid()))) == os.getpid()
    except (KeyError, ValueError):
        return None
    return microseconds / 2e6 if ours and microseconds > 0 else None
