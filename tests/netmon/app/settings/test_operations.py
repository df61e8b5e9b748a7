"""What docs/operations.md says about secrets, done with a directory that stands for systemd's."""

import re
from pathlib import Path

import pytest

from netmon.app.wiring import load_plan, read_web_config
from tests.support.certificates import Authority

ROOT = Path(__file__).parents[4]


def yaml_blocks() -> list[str]:
    """Return the YAML that stands below `Secrets`: for netmon.yaml, and for the web configuration file."""
    section = (ROOT / "docs" / "operations.md").read_text().partition("## Secrets\n")[2].partition("\n## ")[0]
    return re.findall(r"```yaml\n(.*?)```", section, re.DOTALL)


def test_secrets_and_the_tls_key_come_from_systemds_credentials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    etc, given = tmp_path / "etc", tmp_path / "given"
    etc.mkdir(mode=0o755)
    given.mkdir(mode=0o700)
    main, web = yaml_blocks()
    (etc / "netmon.yaml").write_text(main)
    (etc / "netmon.yaml").chmod(0o644)
    pair = Authority(tmp_path).sign("netmon")
    held_by = {
        "community": "s3cret",
        "web.yaml": web,
        "tls.crt": pair.cert.read_text(),
        "tls.key": pair.key.read_text(),
    }
    for name, held in held_by.items():
        (given / f"netmon_{name}").write_text(held)
        (given / f"netmon_{name}").chmod(0o400)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(given))
    plan = load_plan(etc)
    credential = plan.settings.netmon.credentials["default"]
    assert credential.version == "v2c"
    assert credential.community.get_secret_value() == "s3cret"
    tls = read_web_config(plan).tls_server_config
    assert tls is not None
    assert (tls.cert_file, tls.key_file) == (given / "netmon_tls.crt", given / "netmon_tls.key")
