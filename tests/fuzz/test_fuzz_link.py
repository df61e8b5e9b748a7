"""A short run of the link's fuzzer; `python tests/fuzz/fuzz_link.py -max_total_time=3600` is a long one."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

HARNESS = Path(__file__).with_name("fuzz_link.py")
SECONDS = 5


def test_no_input_crashes_hangs_or_grows_the_readers(tmp_path: Path) -> None:
    pytest.importorskip("atheris", reason="atheris has no build for this platform")
    options = [f"-max_total_time={SECONDS}", "-timeout=5", "-rss_limit_mb=400", "-print_final_stats=1", "-verbosity=1"]
    run = subprocess.run(
        [sys.executable, HARNESS, *options, f"-artifact_prefix={tmp_path}/"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS + 60,
    )
    assert run.returncode == 0, run.stderr[-5000:]
    done = re.search(r"Done (\d+) runs", run.stderr)
    assert done, run.stderr[-5000:]
    assert int(done[1]) > 5_000


def test_the_harness_notices_a_broken_reader(tmp_path: Path) -> None:
    pytest.importorskip("atheris", reason="atheris has no build for this platform")
    broken = tmp_path / "broken.py"
    broken.write_text(
        f"import sys; sys.path.insert(0, {str(HARNESS.parent)!r})\n"
        "import atheris, fuzz_link\n"
        "fuzz_link.wire._DECODERS[4] = lambda payload: fuzz_link.wire.Ack(payload[0])\n"
        "atheris.Setup(sys.argv, fuzz_link.one_input)\n"
        "atheris.Fuzz()\n"
    )
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "ack").write_bytes(b"\x30\0\0\0\x01\x04")
    run = subprocess.run(
        [sys.executable, broken, "-runs=2000", f"-artifact_prefix={tmp_path}/", tmp_path / "corpus"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert run.returncode != 0
    assert "IndexError" in run.stdout + run.stderr
