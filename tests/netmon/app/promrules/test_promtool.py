"""promtool accepts the rules, its unit tests of them pass, and they fire when netmon's own judgement does."""

import random
import re
import shutil
import subprocess
from array import array
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml

from netmon.api import Family, Kind, Part, Reading, Table
from netmon.app.profiles import load_profiles
from netmon.app.promrules import cases
from netmon.app.promrules.generated import Generated, generate
from netmon.app.promrules.owned import owned
from netmon.app.promrules.render import render, rules_of
from netmon.app.promrules.samples import STEP_S, Thing, thing
from rules.limits.rule import Limits
from rules.pack import Limit, Pack
from tests.support.command import netmon

pytestmark = pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")

PHASES = 4


def promtool(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True, check=False, timeout=120)


def test_the_command_writes_rules_and_tests_that_promtool_accepts(tmp_path: Path) -> None:
    rules, tests = tmp_path / "rules.yml", tmp_path / "sub" / "rules-test.yml"
    tests.parent.mkdir()
    result = netmon("generate", "prometheus-rules", "--config", tmp_path, "--output", rules, "--tests", tests)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    checked = promtool("check", "rules", rules)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    tested = promtool("test", "rules", tests)
    assert tested.returncode == 0, tested.stdout + tested.stderr
    made = generate(None).made
    assert f"{len(made)} rules found" in checked.stdout
    asked = [
        one["expr"]
        for test in yaml.safe_load(tests.read_text(encoding="utf-8"))["tests"]
        for one in test["promql_expr_test"]
    ]
    for rule in made:
        for what in ("fires", "does not"):
            alert = rule.fields["alert"]
            assert f'count(ALERTS{{alertname="{alert}", instance="{alert} {what}", alertstate="firing"}})' in asked


def test_a_rule_that_is_wrong_fails_its_tests(tmp_path: Path) -> None:
    made = generate(None)
    text = made.rules.replace("node_timex_sync_status == 0", "node_timex_sync_status == 2")
    (tmp_path / "rules.yml").write_text(text, encoding="utf-8")
    (tmp_path / "test.yml").write_text(made.tests("rules.yml"), encoding="utf-8")
    tested = promtool("test", "rules", tmp_path / "test.yml")
    assert tested.returncode != 0
    assert "clock_unsynchronised" in tested.stdout + tested.stderr


def test_without_output_the_rules_are_printed() -> None:
    result = netmon("generate", "prometheus-rules", "--config", "/nonexistent")
    assert result.returncode == 0
    assert result.stdout == generate(None).rules


def test_a_bad_pack_writes_nothing(tmp_path: Path) -> None:
    (tmp_path / "packs").mkdir()
    (tmp_path / "packs" / "mine.yaml").write_text("name: mine\nlimits: 1\n", encoding="utf-8")
    result = netmon("generate", "prometheus-rules", "--config", tmp_path, "--output", tmp_path / "rules.yml")
    assert result.returncode == 2
    assert "mine.yaml:2" in result.stderr
    assert not (tmp_path / "rules.yml").exists()


def test_annotations_are_filled_in(tmp_path: Path) -> None:
    made = generate(None)
    (tmp_path / "rules.yml").write_text(made.rules, encoding="utf-8")
    asked = [
        {
            "input_series": cases.inputs(one, [one.beyond()] * (one.steps + 1), one.limit.name),
            "alert_rule_test": [{"eval_time": f"{one.steps * STEP_S}s", "alertname": one.limit.name, "exp_alerts": []}],
        }
        for one in things(made)
    ]
    data = cases.file_of("rules.yml", [cases.joined("annotations", asked)])
    (tmp_path / "test.yml").write_text(yaml.safe_dump(data), encoding="utf-8")
    tested = promtool("test", "rules", tmp_path / "test.yml")
    told = re.findall(r'Annotations:\{.*?summary="(.*?)", summary_id="(.*?)"\}', tested.stdout + tested.stderr)
    assert len(told) >= len(asked), tested.stdout + tested.stderr
    for texts in told:
        for text in texts:
            assert "<error" not in text
            assert "<no value>" not in text
            assert "{{" not in text
            assert "  " not in text, text
    english = {texts[0] for texts in told}
    assert "port 1 of storage_nearly_full is 99% full" in english
    assert "optical_power_low receives too little light at port 1: -11.0 dBm, the limit is -10.0 dBm" in english
    assert not [text for text in english if text.endswith(" ")]


def test_braces_of_a_text_are_no_templates(tmp_path: Path) -> None:
    (tmp_path / "packs").mkdir()
    (tmp_path / "packs" / "own.yaml").write_text(
        "name: own\n"
        "unreachable: {name: gone, severity: error, summary: {en: '{{a}} {target}{since}', id: '{{{{ b'}}\n"
        "limits:\n"
        "  - {name: hot, metric: heat, over: 1, labels: [port], severity: error, runbook: 'https://wiki/{{hot}}',\n"
        "     summary: {en: '{{hi}} {{{port}}} {{ {value}', id: '{{.X}} {{{{{target}'}}\n",
        encoding="utf-8",
    )
    made = generate(tmp_path)
    (tmp_path / "rules.yml").write_text(made.rules, encoding="utf-8")
    checked = promtool("check", "rules", tmp_path / "rules.yml")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    expected = {
        "hot": {
            "exp_labels": {"instance": "sw1", "port": "7", "severity": "error"},
            "exp_annotations": {
                "summary": "{hi} {7} { 2",
                "summary_id": "{.X} {{sw1",
                "runbook_url": "https://wiki/{{hot}}",
            },
        },
        "gone": {
            "exp_labels": {"instance": "sw1", "severity": "error"},
            "exp_annotations": {"summary": "{a} sw1", "summary_id": "{{ b"},
        },
    }
    asked = {
        "input_series": [
            {"series": 'heat{instance="sw1", port="7"}', "values": "2+0x9"},
            {"series": 'up{instance="sw1"}', "values": "0+0x9"},
        ],
        "alert_rule_test": [
            {"eval_time": "9m", "alertname": name, "exp_alerts": [alert]} for name, alert in expected.items()
        ],
    }
    (tmp_path / "test.yml").write_text(yaml.safe_dump(cases.file_of("rules.yml", [asked | {"interval": "60s"}])))
    tested = promtool("test", "rules", tmp_path / "test.yml")
    assert tested.returncode == 0, tested.stdout + tested.stderr
    (tmp_path / "own-test.yml").write_text(made.tests("rules.yml"), encoding="utf-8")
    assert promtool("test", "rules", tmp_path / "own-test.yml").returncode == 0


# ── side by side with netmon's own judgement ──


def things(made: Generated) -> list[Thing]:
    return [thing(rule.limit, made.own) for rule in made.made if rule.limit is not None]


def own_alerts(one: Thing, readings: Sequence[float]) -> list[bool]:
    """Return after each step whether netmon's rule says that the limit is passed."""
    judge, said, found = Limits([Pack(name="test", limits=(one.limit,))]), False, []
    names, row = tuple(one.labels), tuple(one.labels.values())
    others = list(one.others())
    upper, lower = (one.own, "") if one.limit.above else ("", one.own)
    families = (
        Family(one.limit.metric, Kind.UNTYPED, "", upper_limit=upper, lower_limit=lower),
        *(Family(metric, Kind.GAUGE, "") for metric, _ in others),
    )
    for step, value in enumerate(one.values(list(readings))):
        at = float(step * STEP_S)
        columns = (array("d", [value]), *(array("d", [other]) for _, other in others))
        table = Table(families, names, (row,), ("",), columns, at)
        for finding in judge.observe(Reading("sw-1", "snmp", at, 0.1, (Part("one", (table,), 0.1),))):
            said = not finding.cleared
        found.append(said)
    return found


def levels(one: Thing, rng: random.Random) -> list[float]:
    """Return readings in phases: well, beyond, and between the limit and its hysteresis."""
    limit, readings = one.limit, []
    margin = abs(one.bound) * limit.hysteresis / 2
    between = one.bound - margin if limit.above else one.bound + margin
    choices = [one.well(), one.beyond()] + ([between] if margin and limit.read == "value" else [])
    for _ in range(PHASES):
        whole = limit.read in ("rate", "increase", "changes")
        length = 2 * one.steps if whole else rng.randint(1, 2 * one.steps)
        readings += [rng.choice(choices)] * length
    return readings


def looked_at(one: Thing, readings: Sequence[float]) -> list[int]:
    """Return the steps at which both must agree: all, or where a window is looked back over, each phase's end."""
    if one.limit.read in ("value", "time_left"):
        return list(range(len(readings)))
    return [2 * one.steps * phase - 1 for phase in range(1, PHASES + 1)]


def test_rules_fire_when_netmon_does(tmp_path: Path) -> None:
    made, rng = generate(None), random.Random(4)
    (tmp_path / "rules.yml").write_text(made.rules, encoding="utf-8")
    asked, fired = [], 0
    for one in things(made):
        for run in range(2):
            instance = f"{one.limit.name} {run}"
            readings = levels(one, rng)
            told = own_alerts(one, readings)
            fired += any(told)
            asked.append(
                {
                    "input_series": cases.inputs(one, readings, instance),
                    "promql_expr_test": [
                        cases.firing(one.limit.name, instance, step, fires=told[step])
                        for step in looked_at(one, readings)
                    ],
                }
            )
    data = cases.file_of("rules.yml", [cases.joined("side by side", asked)])
    (tmp_path / "test.yml").write_text(yaml.safe_dump(data), encoding="utf-8")
    tested = promtool("test", "rules", tmp_path / "test.yml")
    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert fired > len(asked) / 2


def test_a_device_without_a_limit_of_its_own_has_ours() -> None:
    limit = next(rule for rule in generate(None).made if rule.fields["alert"] == "temperature_high")
    assert limit.fields["expr"].startswith(
        "((netmon_temperature_celsius > (1 * netmon_temperature_upper_limit_celsius))"
        " or ((netmon_temperature_celsius > 75) unless netmon_temperature_upper_limit_celsius))"
    )
    assert "{{ else }}75.0 °C{{ end }}" in limit.fields["annotations"]["summary"]


def test_profiles_tell_the_limits_of_their_objects_too() -> None:
    assert owned(load_profiles(None))["hrStorageUsed"] == ("hrStorageSize", "")
    assert owned([])["netmon_memory_used_bytes"] == ("netmon_memory_size_bytes", "")


def test_a_pattern_that_re2_lacks_leaves_its_limit_out() -> None:
    fields = {"name": "odd", "metric": "heat", "over": 1, "severity": "error", "summary": {"en": "a", "id": "b"}}
    limit = Limit.model_validate({**fields, "match": {"port": "(?!lo)"}})
    made, left_out = rules_of([Pack(name="test", limits=(limit,))], {}, 30)
    assert made == []
    assert left_out == {"odd": "the pattern of port uses what RE2 does not have"}
    assert "# odd is left out" in render(made, left_out)
