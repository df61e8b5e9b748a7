"""A short run of the fuzzer; `python tests/fuzz/fuzz_wire.py -max_total_time=3600` is a long one."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

HARNESS = Path(__file__).with_name("fuzz_wire.py")
SECONDS = 10


def test_no_input_crashes_hangs_or_grows_the_decoders(tmp_path: Path) -> None:
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
    peak = re.search(r"stat::peak_rss_mb:\s+(\d+)", run.stderr)
    assert peak, run.stderr[-5000:]
    assert int(peak[1]) < 200


def test_the_harness_notices_a_broken_decoder(tmp_path: Path) -> None:
    pytest.importorskip("atheris", reason="atheris has no build for this platform")
    broken = tmp_path / "broken.py"
    broken.write_text(
        f"import sys; sys.path.insert(0, {str(HARNESS.parent)!r})\n"
        "import atheris, fuzz_wire\n"
        "fuzz_wire.oid.decode = lambda raw: raw[5:6][0]\n"
        "atheris.Setup(sys.argv, fuzz_wire.one_input)\n"
        "atheris.Fuzz()\n"
    )
    run = subprocess.run(
        [sys.executable, broken, "-runs=2000", f"-artifact_prefix={tmp_path}/"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert run.returncode != 0
    assert "IndexError" in run.stdout + run.stderr
