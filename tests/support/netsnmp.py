"""Runs Net-SNMP's command line tools against something of ours."""

import asyncio
import shutil

import pytest


async def run(*command: str) -> tuple[int, str]:
    """Return a command's exit code and standard output; skip where it is not installed."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    process = await asyncio.create_subprocess_exec(*command, stdout=-1, stderr=-1)
    try:
        out, _ = await asyncio.wait_for(process.communicate(), 60)
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode is not None
    return process.returncode, out.decode("latin-1")
