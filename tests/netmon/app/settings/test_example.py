"""config/example with every part of it taken in: what stands there behind a '#' works as it is."""

import re
import shutil
from pathlib import Path

import bcrypt

from exporters.notify.urls import understanding
from netmon.app.settings import load_directory

EXAMPLE = Path(__file__).parents[4] / "config" / "example"
SECTIONS = ("notify", "alertmanager", "heartbeat", "api", "witness")


def test_every_section_that_is_commented_out_works(tmp_path: Path) -> None:
    directory = tmp_path / "netmon"
    shutil.copytree(EXAMPLE, directory)
    main = directory / "netmon.yaml"
    polling, start, core = main.read_text().replace("  #web_config_file", "  web_config_file").partition("\nalerts:")
    core = re.sub(rf"^#(?=({'|'.join(SECTIONS)}):|  )", "", core, flags=re.MULTILINE)
    main.write_text(polling + start + core)
    hashed = bcrypt.hashpw(b"open", bcrypt.gensalt(4)).decode()
    (directory / "web.yaml").write_text(f"basic_auth_users: {{oki: {hashed!r}, vera: {hashed!r}}}\n")
    secrets = {
        "NETMON_SNMP_COMMUNITY": "public",
        "NETMON_URL_ANDI": "tgram://123456789:abcdefghijklmnopqrstuvwxyzABCDEFGHI/12345",
        "NETMON_URL_BUDI": "mailtos://user:password@mail.example.go.id?to=andi@example.go.id",
        "NETMON_URL_PING": "https://ping.example.net/1",
    }
    loaded = load_directory(directory, secrets, understands=understanding()).netmon
    assert set(SECTIONS) <= loaded.model_fields_set
    assert [name for name, _ in loaded.notify.named_routes()] == ["urgent", "rest"]
