"""The client against peers that misbehave, over TLS, and against a real Prometheus."""

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from pydantic import ValidationError

from netmon.api import ConfigError, PeerAuthFailed, PeerError, PeerMalformed, PeerNotFound, PeerRefused, PeerTimeout
from netmon.core.history.prometheus import PrometheusApi
from netmon.core.history.prometheus_wire import TooMuch
from netmon.core.history.settings import PrometheusSettings
from tests.support.certificates import Authority
from tests.support.processes import free_port
from tests.support.prometheus import prometheus
from tests.support.waiting import eventually_sync

EMPTY = b'{"status":"success","data":{"resultType":"matrix","result":[]}}'
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"


@contextmanager
def peer(answer: bytes) -> Iterator[str]:
    """Serve these octets once, whatever is asked, then close."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                asked = b""
                while not asked.endswith(b"step=1"):
                    asked += connection.recv(65_536)
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread.join()


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"", PeerError),
        (b"nonsense\r\n\r\n", PeerMalformed),
        (HEAD % 100 + EMPTY, PeerMalformed),
        (HEAD % len(EMPTY) + EMPTY[:-1], PeerMalformed),
        (HEAD % 3 + b"{}}", PeerMalformed),
        (HEAD % 70_000 + b" " * 70_000, TooMuch),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", PeerMalformed),
        (b"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n", PeerMalformed),
        (b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n", PeerMalformed),
    ],
)
def test_peers_that_misbehave(answer: bytes, kind: type[PeerError]) -> None:
    with peer(answer) as url, pytest.raises(kind):
        PrometheusApi(url, timeout_s=5, max_answer_bytes=1 << 16).query_range("up", 0, 10, 1)


def test_a_peer_that_never_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(PeerTimeout, match=r"did not answer within 0\.2 s"):
            PrometheusApi(url, timeout_s=0.2).query_range("up", 0, 10, 1)


def test_a_question_under_way_can_be_ended() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        api = PrometheusApi(f"http://127.0.0.1:{listener.getsockname()[1]}")
        ended: list[PeerError] = []

        def ask() -> None:
            try:
                api.query_range("up", 0, 10, 1)
            except PeerError as error:
                ended.append(error)

        thread = threading.Thread(target=ask)
        thread.start()
        eventually_sync(lambda: api._sockets)
        api.close()
        thread.join(10)
        assert len(ended) == 1
        assert not api._sockets
        with pytest.raises(PeerRefused, match="is asked no more"):
            api.query_range("up", 0, 10, 1)


def test_a_peer_that_never_ends() -> None:
    class Dripping(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(200)
            self.end_headers()
            try:
                while True:
                    self.wfile.write(b" ")
                    stop.wait(0.01)
            except OSError:
                pass

        def log_message(self, *_: object) -> None:
            pass

    stop = threading.Event()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Dripping)
    threading.Thread(target=server.serve_forever, args=(0.05,)).start()
    with pytest.raises(PeerTimeout):
        PrometheusApi(f"http://127.0.0.1:{server.server_port}", timeout_s=0.3).query_range("up", 0, 10, 1)
    server.shutdown()
    server.server_close()


def test_nobody_there() -> None:
    with pytest.raises(PeerRefused, match="refused"):
        PrometheusApi(f"http://127.0.0.1:{free_port()}").query_range("up", 0, 10, 1)
    for host in ("no-such-host.invalid", "a" * 64 + ".invalid"):
        with pytest.raises(PeerNotFound):
            PrometheusApi(f"http://{host}").query_range("up", 0, 10, 1)


def test_a_certificate_that_nobody_vouches_for(tmp_path: Path) -> None:
    authority, other = Authority(tmp_path), Authority(tmp_path, "other")
    pair = authority.sign("server")
    with secure(pair.cert, pair.key) as (url, seen):
        for ca_file in (None, other.cert):
            with pytest.raises(PeerAuthFailed):
                PrometheusApi(url, ca_file=ca_file, timeout_s=5).query_range("up", 0, 10, 1)
        settings = PrometheusSettings.model_validate(
            {"url": url + "/", "username": "u", "password": "p:w", "headers": {"X-A": "b"}, "ca_file": authority.cert}
        )
        assert PrometheusApi.of(settings).query_range("up", 0, 10, 1) == []
        assert seen == [("/api/v1/query_range", "Basic dTpwOnc=", "b")]
        token = PrometheusSettings.model_validate({"url": url + "/x", "bearer_token": "t", "ca_file": authority.cert})
        asked = PrometheusApi.of(token)
        asked.query_range("up", 0, 10, 1)
        assert not asked._sockets
        assert seen[1] == ("/x/api/v1/query_range", "Bearer t", None)
        (tmp_path / "empty").touch()
        with pytest.raises(ConfigError, match=r"empty: cannot be used: .*; give a file of certificates"):
            PrometheusApi(url, ca_file=tmp_path / "empty").query_range("up", 0, 10, 1)


@contextmanager
def secure(cert: Path, key: Path) -> Iterator[tuple[str, list[tuple[str, str | None, str | None]]]]:
    seen: list[tuple[str, str | None, str | None]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            seen.append((self.path, self.headers["Authorization"], self.headers["X-A"]))
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", str(len(EMPTY)))
            self.end_headers()
            self.wfile.write(EMPTY)

        def log_message(self, *_: object) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            pass

    server = Quiet(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"https://127.0.0.1:{server.server_port}", seen
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize(
    ("start", "end", "step_s"), [(0, 10, 0), (0, 10, -1), (10, 0, 1), (0, 1e12, 1), (0, float("nan"), 1)]
)
def test_ranges_that_are_none(start: float, end: float, step_s: float) -> None:
    with pytest.raises(ValueError, match="not a range"):
        PrometheusApi("http://127.0.0.1:1").query_range("up", start, end, step_s)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"url": "prometheus:9090"}, "not the address of a Prometheus"),
        ({"url": "http://u:p@h"}, "not the address of a Prometheus"),
        ({"url": "http://h:99999"}, "not the address of a Prometheus"),
        ({"username": "u"}, "belong together"),
        ({"password": "p"}, "belong together"),
        ({"username": "u", "password": "p", "bearer_token": "t"}, "two ways in"),
        ({"url": "http://prometheus.example", "bearer_token": "t"}, "could read the secret"),
        ({"headers": {"X": "a\r\nb: c"}}, "is no header"),
        ({"headers": {"X Y": "a"}}, "is no header"),
    ],
)
def test_settings_that_cannot_be(changes: dict[str, object], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem) as raised:
        PrometheusSettings.model_validate({"url": "https://prometheus.example", **changes})
    assert "a\\r" not in str(raised.value)


def test_a_real_prometheus(tmp_path: Path) -> None:
    for program in ("prometheus", "promtool"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    begin, step, count = 1_790_000_000, 15, 12_000
    rows = [f'size{{instance="{name}"}} {i} {begin + i * step}' for name in "ab" for i in range(count)]
    metrics = tmp_path / "metrics"
    metrics.write_text("# TYPE size gauge\n" + "\n".join(rows) + "\n# EOF\n")
    command = ["promtool", "tsdb", "create-blocks-from", "openmetrics", str(metrics), str(tmp_path / "tsdb")]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    with prometheus("global: {}\n", tmp_path, "--storage.tsdb.retention.time=50y") as served:
        api = PrometheusApi(served._url.removesuffix("/api/v1"))
        found = api.query_range("size", begin, begin + step * (count - 1), step)  # in two parts
        assert [labels for labels, _, _ in found] == [{"__name__": "size", "instance": name} for name in "ab"]
        for _, at, values in found:
            assert at.tolist() == [begin + i * step for i in range(count)]
            assert values.tolist() == list(range(count))
        with pytest.raises(PeerRefused, match=r"bad_data: .*parse error: unclosed left parenthesis"):
            api.query_range("sum(", begin, begin + 60, 15)
        small = PrometheusApi(served._url.removesuffix("/api/v1"), max_answer_bytes=1_000)
        with pytest.raises(TooMuch, match="answers more than 1000 bytes"):
            small.query_range("size", begin, begin + 60 * 60, 15)
