"""Bad configurations of tests/data/bad-config, copied to where their files can have the rights that the case needs."""

import shutil
from pathlib import Path

CASES = Path(__file__).parents[1] / "data" / "bad-config"
ENVIRONMENT = {"COMMUNITY": "public", "PASSWORD": "maplesyrup"}
PROFILES = ("if_mib", "lldp")


def prepare(case: str, folder: Path) -> Path:
    """Copy a case and give its files mode 640, or what its file `modes` says."""
    directory = folder / case
    shutil.copytree(CASES / case, directory)
    for path in directory.rglob("*"):
        if path.is_file():
            path.chmod(0o640)
    modes = directory / "modes"
    for line in modes.read_text().splitlines() if modes.exists() else ():
        mode, name = line.split()
        (directory / name).chmod(int(mode, 8))
    return directory
