import os
from pathlib import Path

import pytest

from netmon.api import ConfigError
from netmon.app.settings import Settings, dump, load_directory
from netmon.app.settings.dump import MASK

SECRET = "correct-horse-battery"


def load(directory: Path, community: str, environment: dict[str, str] | None = None, mode: int = 0o640) -> Settings:
    main = directory / "netmon.yaml"
    main.write_text(f"credentials:\n  default:\n    version: v2c\n    {community}\n")
    main.chmod(mode)
    return load_directory(directory, environment or {})


def secret(loaded: Settings) -> str:
    credential = loaded.netmon.credentials["default"]
    assert credential.version != "v3"
    return credential.community.get_secret_value()


def keep(path: Path, text: str, mode: int = 0o600) -> None:
    path.write_bytes(text.encode())
    path.chmod(mode)


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o660])
def test_inline_where_only_owner_and_group_can_read(mode: int, tmp_path: Path) -> None:
    assert secret(load(tmp_path, f"community: {SECRET}", mode=mode)) == SECRET


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o602, 0o641])
def test_not_inline_where_others_have_any_right(mode: int, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="chmod 640"):
        load(tmp_path, f"community: {SECRET}", mode=mode)


def test_from_the_environment_whatever_the_files_mode(tmp_path: Path) -> None:
    assert secret(load(tmp_path, "community: ${C}", {"C": SECRET}, 0o644)) == SECRET


def test_an_environment_reference_with_text_around_it_is_inline(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="community is a secret"):
        load(tmp_path, "community: x${C}", {"C": SECRET}, 0o644)


def test_the_environments_value_is_taken_as_it_is(tmp_path: Path) -> None:
    assert secret(load(tmp_path, "community: ${C}", {"C": "${D}$${"})) == "${D}$${"


def test_a_doubled_dollar_stands_for_itself(tmp_path: Path) -> None:
    assert secret(load(tmp_path, "community: a$${b}c$d")) == "a${b}c$d"


def test_an_empty_environment_variable_is_an_empty_secret(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="community is empty"):
        load(tmp_path, "community: ${C}", {"C": ""})


@pytest.mark.parametrize(
    ("held", "meant"),
    [
        (SECRET, SECRET),
        (SECRET + "\n", SECRET),
        (SECRET + "\r\n", SECRET),
        (f" {SECRET} \n\n", f" {SECRET} \n"),
        ("${X}\n", "${X}"),
    ],
)
def test_from_a_file_without_one_newline_at_its_end(held: str, meant: str, tmp_path: Path) -> None:
    keep(tmp_path / "community", held)
    assert secret(load(tmp_path, "community_file: community", mode=0o644)) == meant


def test_from_systemds_credentials(tmp_path: Path) -> None:
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    keep(credentials / "snmp", SECRET, 0o400)
    environment = {"CREDENTIALS_DIRECTORY": str(credentials)}
    assert secret(load(tmp_path, "community_file: ${CREDENTIALS_DIRECTORY}/snmp", environment)) == SECRET


def test_a_secret_of_the_largest_size(tmp_path: Path) -> None:
    keep(tmp_path / "community", "x" * 65_536)
    assert len(secret(load(tmp_path, "community_file: community"))) == 65_536
    keep(tmp_path / "community", "x" * 65_537)
    with pytest.raises(
        ConfigError, match=r"community is larger than 64 KiB; give a file that holds the secret and nothing else"
    ):
        load(tmp_path, "community_file: community")


def test_a_pipe_without_a_writer_does_not_keep_us_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "community", 0o600)
    with pytest.raises(
        ConfigError, match=r"community is not a regular file; give the path of a file that holds the secret"
    ):
        load(tmp_path, "community_file: community")


def test_a_secret_that_cannot_be_read_is_one_fault(tmp_path: Path) -> None:
    keep(tmp_path / "a", "")
    text = """
    version: v3
    user: u
    auth_protocol: SHA-1
    auth_password_file: a
    priv_protocol: DES
    priv_password: ${P}
"""
    main = tmp_path / "netmon.yaml"
    main.write_text(f"credentials:\n  default:{text}")
    main.chmod(0o640)
    with pytest.raises(ConfigError) as caught:
        load_directory(tmp_path, {})
    assert [(fault.line, fault.problem.rpartition("/")[2]) for fault in caught.value.faults] == [
        (6, "a is empty"),
        (8, "the environment variable P is not set"),
    ]


def test_secrets_show_nowhere(tmp_path: Path) -> None:
    loaded = load(tmp_path, f"community: {SECRET}")
    assert SECRET not in repr(loaded)
    assert SECRET not in str(loaded)
    assert SECRET not in dump(loaded)
    assert MASK in dump(loaded)


@pytest.mark.parametrize(
    "wrong",
    [
        f"community: [{SECRET}]",
        f"community: {{{SECRET}: {SECRET}}}",
        f"community: {SECRET}\n    nonsense: 1",
        f"community_file: {SECRET}\n    community: {SECRET}",
        f"community: {SECRET}\n    auth_password: {SECRET}",
        f"comunity: {SECRET}",
    ],
)
def test_faults_do_not_show_secrets(wrong: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, wrong)
    assert SECRET not in str(caught.value)


def test_paths_are_relative_to_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "netmon.yaml").write_text("state_dir: ${D}/state\nweb: {web_config_file: web.yaml}\n")
    netmon = load_directory(tmp_path, {"D": "var"}).netmon
    assert netmon.state_dir == tmp_path / "var" / "state"
    assert netmon.web.web_config_file == tmp_path / "web.yaml"
