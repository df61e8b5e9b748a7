"""Profiles: the shipped ones are whole, and one spoilt profile for each fault, with its words."""

import copy
import re
from typing import Any

import pytest
from pydantic import ValidationError

from collectors.snmp import faults, oid
from collectors.snmp.plan import plan_table
from collectors.snmp.profile import Profile
from tests.support.profiles import FOLDER, shipped

GOOD: dict[str, Any] = {
    "name": "acme",
    "recognise": {"sys_object_id": ["1.3.6.1.4.1.99999"], "present": ["acmeTemp"]},
    "enums": {"AcmeState": {1: "ok", 2: "broken"}},
    "tables": {
        "general": {
            "mib": "ACME-MIB",
            "objects": {"acmeChanged": {"oid": "1.3.6.1.4.1.99999.1", "syntax": "timeticks"}},
        },
        "sensors": {
            "mib": "ACME-MIB",
            "index": [{"name": "acmeSlot"}, {"name": "acmeName", "type": "string"}],
            "labels": ["acmeSlot", "acmeName"],
            "last_change": ["acmeChanged"],
            "continuity": {"key": ["acmeName"]},
            "objects": {
                "acmeTemp": {"oid": "1.3.6.1.4.1.99999.2.1.1", "syntax": "integer"},
                "acmeState": {"oid": "1.3.6.1.4.1.99999.2.1.2", "syntax": "integer", "enum": "AcmeState"},
                "acmeModel": {"oid": "1.3.6.1.4.1.99999.2.1.3", "syntax": "string"},
            },
            "lookups": {"other": {"object": "acmeModel", "by": ["acmeSlot"]}},
            "blocks": [
                {
                    "where": {"acmeState": ["ok"]},
                    "labels": {"sensor": "slot {acmeSlot}"},
                    "metrics": {"netmon_temperature_celsius": {"value": "acmeTemp / 10"}},
                }
            ],
        },
    },
}


def spoilt(path: str, value: object) -> dict[str, Any]:
    """Return the good profile with one place changed; `path` has dots."""
    profile = copy.deepcopy(GOOD)
    *way, last = path.split("/")
    place: Any = profile
    for step in way:
        place = place[int(step)] if isinstance(place, list) else place[step]
    place[last] = value
    return profile


def test_the_good_one_is_good() -> None:
    profile = Profile.model_validate(GOOD)
    block = profile.tables["sensors"].blocks[0]
    assert profile.tables["sensors"].block_labels(block) == {
        "sensor": ("slot {acmeSlot}",),
        "ifIndex": ("",),
        "ifName": ("",),
        "mib": ("ACME-MIB",),
    }


SENSORS, BLOCK = "tables/sensors", "tables/sensors/blocks/0"
OBJECT = {"oid": "1.3.6.1.4.1.99999.2.1.9", "syntax": "integer"}


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("colour", "red", "Extra inputs are not permitted"),
        ("name", "Acme MIB", "String should match pattern"),
        ("recognise/present", ["acmeTmp"], "recognise.present: no object 'acmeTmp' in this profile"),
        ("recognise/sys_object_id", ["1.3.x"], "'1.3.x': 'x' is not a whole number from 0 to 4294967295"),
        (
            f"{SENSORS}/objects/acmeBad",
            {"oid": "5.3.6", "syntax": "integer"},
            "an OBJECT IDENTIFIER cannot begin with 5.3",
        ),
        (f"{SENSORS}/objects/acmeBad", OBJECT | {"syntax": "int"}, "Input should be 'integer', 'gauge32'"),
        (f"{SENSORS}/objects/acmeBad", OBJECT | {"range": [5, 1]}, "range begins at 5.0 and ends before, at 1.0"),
        (
            f"{SENSORS}/objects/acmeBad",
            OBJECT | {"emit": "enum_info"},
            "enum_info needs the enumeration's names: set enum",
        ),
        (
            f"{SENSORS}/objects/acmeBad",
            OBJECT | {"syntax": "string", "emit": "value"},
            "a string has no number: emit it as info, or nothing",
        ),
        (
            f"{SENSORS}/objects/acmeBad",
            OBJECT | {"syntax": "gauge32", "unsigned": True},
            "unsigned is for an integer, and this is a gauge32",
        ),
        (f"{SENSORS}/objects/acmeBad", OBJECT | {"enum": "Acme"}, "objects.acmeBad.enum: no 'Acme' under enums"),
        (
            f"{SENSORS}/objects/acmeBad",
            OBJECT | {"oid": "1.3.6.1.4.1.99999.2.1.1"},
            "objects: 1.3.6.1.4.1.99999.2.1.1 stands for two objects",
        ),
        (
            f"{SENSORS}/objects/acmeBad",
            OBJECT | {"syntax": "string", "syntax_by": ["acmeKind", {4: "mac"}]},
            "objects.acmeBad.syntax_by: no object 'acmeKind' in this table",
        ),
        (
            f"{SENSORS}/objects/acmeChanged",
            OBJECT,
            "tables.sensors.objects.acmeChanged: table general has an object of this name too",
        ),
        (f"{SENSORS}/index", [{"name": "acmeSlot", "size": 6}], "size is the number of octets of fixed_octets"),
        (f"{SENSORS}/labels", ["acmeSlt"], "labels.acmeSlt: no 'acmeSlt' among the objects, lookups and index parts"),
        (f"{SENSORS}/labels", {"slot": "{acmeSlot.number}"}, "acmeSlot.number is unknown; acmeSlot.name gives"),
        (f"{SENSORS}/labels", {"slot": "{acmeSlot"}, "labels.slot: '{acmeSlot' is not a template: expected '}'"),
        (f"{SENSORS}/labels", {}, "labels: none, but the table has an index, and nothing would tell its rows apart"),
        (f"{SENSORS}/labels", {"my-slot": "x"}, "String should match pattern"),
        (f"{SENSORS}/last_change", ["acmeTemp"], "tables.sensors.last_change: no scalar 'acmeTemp' in this profile"),
        (f"{SENSORS}/continuity", {"key": ["acmeNam"]}, "continuity.key: no 'acmeNam' in this table"),
        (
            f"{SENSORS}/continuity",
            {"key": ["acmeName"], "discontinuity": "acmeReset"},
            "continuity.discontinuity: no object 'acmeReset' in this table",
        ),
        (f"{SENSORS}/lookups", {"x": {"object": "acmeModl", "by": ["acmeSlot"]}}, "lookups.x: no object 'acmeModl'"),
        (
            f"{SENSORS}/lookups",
            {"x": {"object": "acmeModel", "by": ["acmeSlit"]}},
            "lookups.x.by: no object, part of the index or lookup before this one is called 'acmeSlit'",
        ),
        (
            f"{SENSORS}/index_or",
            [["acmeName", "acmeSlot"]],
            "index_or.0: acmeName, acmeSlot is not acmeSlot, acmeName with some left out",
        ),
        (f"{SENSORS}/index_or", [["acmeSlot", "acmeName"]], "index_or.0: acmeSlot, acmeName is not acmeSlot, acmeName"),
        (f"{SENSORS}/index_or", [[]], "Tuple should have at least 1 item"),
        (f"{SENSORS}/port", {"names": ["acmeModel"]}, "nothing leads to the port: set index, part or mentioned"),
        (
            f"{SENSORS}/port",
            {"names": ["acmeModel"], "index": "acmeSlot", "inside": "acmeTemp"},
            "inside, mapping and called are of a part: set part",
        ),
        (
            f"{SENSORS}/port",
            {"names": ["ifName"], "index": "acmeSlot"},
            "tables.sensors.port: no object 'ifName' in this profile",
        ),
        (
            f"{SENSORS}/port",
            {"names": ["acmeModel"], "part": "acmeSlit"},
            "port.part: no object, part of the index or lookup is called 'acmeSlit'",
        ),
        (
            f"{SENSORS}/port",
            {"names": ["acmeModel"], "index": "acmeSlot", "where": {"acmeState": ["fine"]}},
            "port.where.acmeState: acmeState has no 'fine' in its enumeration",
        ),
        (
            f"{SENSORS}/lookups",
            {"x": {"object": "acmeModel", "by": ["acmeSlot"], "where": {"acmeState": ["fine"]}}},
            "lookups.x.where.acmeState: acmeState has no 'fine' in its enumeration",
        ),
        (
            f"{SENSORS}/port",
            {"names": ["acmeModel"], "mentioned": "{acmeNam}"},
            "port.mentioned: no 'acmeNam' among the objects",
        ),
        (f"{SENSORS}/labels", {"slot": "{acmeSlot}", "port": "{port}"}, "labels.port: no 'port' among the objects"),
        (f"{BLOCK}/where", {"acmeStat": [1]}, "blocks.0.where: no object 'acmeStat' in this table"),
        (f"{BLOCK}/where", {"acmeState": ["fine"]}, "where.acmeState: acmeState has no 'fine' in its enumeration"),
        (f"{BLOCK}/match", {"{acmeModel}": "("}, "not a regular expression: missing )"),
        (f"{BLOCK}/match", {"{acmeModl}": "x"}, "no 'acmeModl' among the objects"),
        (f"{BLOCK}/unless", {"{acmeModl}": "x"}, "no 'acmeModl' among the objects"),
        (f"{SENSORS}/expressions", {"acmeTemp": "acmeState"}, "expressions.acmeTemp: the name is taken"),
        (
            f"{SENSORS}/expressions",
            {"reading": "acmeTmp / 10"},
            "expressions.reading: no object 'acmeTmp' in this table",
        ),
        (
            f"{BLOCK}/labels",
            {"name": "x"},
            "labels are name, ifIndex, ifName, mib, where sensor, ifIndex, ifName, mib are right",
        ),
        (f"{BLOCK}/metrics", {"netmon_temperature_celsius": {"value": "acmeTmp"}}, "no object 'acmeTmp' in this table"),
        (
            f"{BLOCK}/metrics",
            {"netmon_temperature_celsius": {"value": "acmeTemp +"}},
            "not an expression: invalid syntax",
        ),
        (
            f"{BLOCK}/metrics",
            {"netmon_temperature_celsius": {"value": "12"}},
            "'12' reads no object, so it has no rows",
        ),
        (
            f"{BLOCK}/metrics",
            {"netmon_temperature_celsius": {"value": "acmeModel"}},
            "metrics.netmon_temperature_celsius.value: acmeModel is a string, not a number",
        ),
        (
            f"{BLOCK}/metrics",
            {"netmon_temperature_celsius": {"value": "acmeState == 'fine'"}},
            "blocks.0.metrics.netmon_temperature_celsius.value: acmeState has no 'fine' in its enumeration",
        ),
        (
            f"{BLOCK}/metrics",
            {"netmon_temp": {"value": "acmeTemp"}},
            "metrics.netmon_temp: not one of the normalised names",
        ),
        (
            f"{BLOCK}/metrics",
            {"netmon_temperature_celsius": {"value": "acmeTemp", "kind": "counter"}},
            "metrics.netmon_temperature_celsius: a gauge, not a counter",
        ),
    ],
)
def test_each_fault_is_told_in_words(path: str, value: object, words: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(words)):
        Profile.model_validate(spoilt(path, value))


def test_all_faults_of_a_table_are_told_at_once() -> None:
    profile = spoilt(f"{SENSORS}/labels", ["acmeOne", "acmeTwo"])
    with pytest.raises(ValidationError, match=r"no 'acmeOne'.*no 'acmeTwo'"):
        Profile.model_validate(profile)


@pytest.mark.parametrize("profile", shipped(), ids=lambda profile: profile.name)
def test_a_shipped_profile_is_named_as_its_file_and_its_objects_lie_under_one_table(profile: Profile) -> None:
    assert (FOLDER / f"{profile.name}.yaml").exists()
    assert profile.description
    for name, table in profile.tables.items():
        plan = plan_table(profile, name)
        entries = {oid.parse(obj.oid)[:-1] for obj in table.objects.values()}
        assert plan.scalar or all(entry[-1] == 1 for entry in entries)  # …Entry is always .1 of …Table
        for object_name, obj in table.objects.items():
            assert obj.help or obj.emitted == "nothing", object_name


def test_no_metric_comes_from_two_profiles_under_the_same_labels() -> None:
    assert list(faults.between(shipped())) == []
    other = shipped()[0].model_copy(update={"name": "other"})
    found = list(faults.between((*shipped(), other)))
    assert faults.Clash("netmon_temperature_celsius", shipped()[0].name, "other") in found
