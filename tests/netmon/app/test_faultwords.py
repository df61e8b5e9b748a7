"""Faults that parts of traffic make where no language is known: each is told in the user's."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from collectors.traffic.capture.files import open_capture
from collectors.traffic.capture.filter import compile_filter
from collectors.traffic.capture.interfaces import link_type, unknown
from exporters.flowstore.disk import Lock
from netmon.api import ConfigError, Fault
from netmon.app.faultwords import in_words, worded
from netmon.app.text import speaking


def _refusal(act: Callable[[], Any]) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        act()
    return caught.value


def _told(error: ConfigError) -> tuple[str, str]:
    with speaking("id"):
        (fault,) = in_words(error).faults
    return fault.problem, fault.remedy


@pytest.fixture(autouse=True)
def _no_language(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NETMON_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("octets", "problem"),
    [
        (None, "tidak dapat dibuka: berkas atau direktori tidak ada"),
        (b"", "kosong"),
        (b"hello, world", "diawali 68 65 6c 6c, bukan pcap dan bukan pcapng (oktet 0)"),
        (b"\xd4\xc3\xb2\xa1\x02\x00", "terputus di dalam kepalanya (oktet 6)"),
        (b"\x0a\x0d\x0d\x0a" + bytes(20), "tampak seperti pcapng, tetapi kepala bagiannya tidak menyebut urutan oktet"),
        (b"\x1f\x8b\x08\x00\x00", "kemasannya tidak dapat dibuka: "),
    ],
)
def test_files_that_are_no_captures(tmp_path: Path, octets: bytes | None, problem: str) -> None:
    file = tmp_path / "a.pcap"
    if octets is not None:
        file.write_bytes(octets)
    error = _refusal(lambda: open_capture(file))
    said, remedy = _told(error)
    assert said.startswith(problem)
    assert remedy.startswith("sebutkan berkas ")
    assert str(in_words(error)) == str(error)  # in English as it was put


def test_a_folder_is_no_capture(tmp_path: Path) -> None:
    assert _told(_refusal(lambda: open_capture(tmp_path)))[0] == "adalah direktori"


def test_interfaces_that_are_not_there_or_of_another_kind() -> None:
    assert _told(unknown("nix0", ["eth0", "lo"])) == ("tidak ada antarmuka nix0", "yang ada: eth0, lo")
    assert _told(unknown("nix0", []))[1] == "tidak ada antarmuka lain di sini"
    problem, _ = _told(_refusal(lambda: link_type("fc0", 784)))
    assert problem == "antarmuka fc0 bukan Ethernet dan bukan IP biasa (jenis 784 pada linux/if_arp.h)"


def test_filters_as_libpcap_refuses_them_also_with_their_place() -> None:
    (fault,) = _refusal(lambda: compile_filter("no such port", 1, 100)).faults
    placed = Fault("netmon.yaml", 3, 5, f"traffic.sensors.0.filter: {fault.problem}", fault.remedy)
    with speaking("id"):
        for one, place in ((fault, ""), (placed, "traffic.sensors.0.filter: ")):
            said = worded(one)
            assert said.problem == place + fault.problem  # libpcap's own words, and ours for what is right
            assert said.remedy.startswith("tulis seperti untuk tcpdump")
            assert (said.file, said.line, said.column) == (one.file, one.line, one.column)


def test_a_store_that_another_process_writes(tmp_path: Path) -> None:
    mine = Lock(tmp_path / "lock")
    mine.take()
    try:
        error = _refusal(Lock(tmp_path / "lock").take)
    finally:
        mine.release()
    assert _told(error) == (
        "proses lain sedang menulis flow di sini",
        "hentikan proses itu, atau beri yang ini direktori lain",
    )


@pytest.mark.parametrize(
    ("problem", "remedy", "told"),
    [
        ("listening takes CAP_NET_RAW", "start it …", "mendengarkan memerlukan CAP_NET_RAW"),
        ("cannot listen at udp://[::1]:5: in use", "choose …", "tidak dapat mendengarkan di udp://[::1]:5: in use"),
        ("flows cannot be kept there: no", "give …", "flow tidak dapat disimpan di sana: no"),
        ("the certificate cannot be used (no)", "give …", "sertifikat tidak dapat dipakai (no)"),
        ("nobody foresaw this", "report it", "nobody foresaw this"),
    ],
)
def test_others(problem: str, remedy: str, told: str) -> None:
    assert _told(ConfigError(Fault("vm", 0, 0, problem, remedy)))[0] == told
