import math
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from netmon.api import ConfigError, Fault
from netmon.app.settings.scalars import resolve
from netmon.app.settings.yamlfile import MAX_DEPTH, parse_yaml

TEXT = """\
# a comment
sites:
  - name: kominfo
    prefixes: [10.0.0.0/8, "x"]
log: {level: info}
"""


@pytest.mark.parametrize(
    ("path", "value", "key"),
    [
        ((), (1, 1), (1, 1)),
        (("sites",), (3, 3), (2, 1)),
        (("sites", 0), (3, 5), (3, 5)),
        (("sites", 0, "name"), (3, 11), (3, 5)),
        (("sites", 0, "prefixes", 1), (4, 28), (4, 28)),
        (("log",), (5, 1), (5, 1)),  # a mapping is named by its key
        (("log", "level"), (5, 14), (5, 7)),
        (("log", "format"), (5, 1), (5, 1)),  # not there: what it would be in
        (("sites", 0, "a-member-of-a-union", "name"), (3, 11), (3, 5)),
    ],
)
def test_every_value_and_key_has_its_place(
    path: tuple[str | int, ...], value: tuple[int, int], key: tuple[int, int]
) -> None:
    document = parse_yaml(TEXT, "file")
    assert document.place(path) == value
    assert document.place(path, key=True) == key


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("true", True),
        ("False", False),
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("12", 12),
        ("-12", -12),
        ("0812", 812),
        ("0x1F", 31),
        ("0o17", 15),
        ("1_000", "1_000"),
        ("12:30:45", "12:30:45"),
        ("2026-11-21", "2026-11-21"),
        ("10.0.0.1", "10.0.0.1"),
        ("1.5", 1.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("-.inf", -math.inf),
        ("e3", "e3"),
        (".", "."),
        ("-", "-"),
        ("9" * 5000, "9" * 5000),
    ],
)
def test_plain_scalars_follow_the_core_schema(text: str, value: Any) -> None:
    assert resolve(text) == value
    assert type(resolve(text)) is type(value)


def test_not_a_number_is_a_number() -> None:
    assert math.isnan(parse_yaml("a: .nan", "file").data["a"])


def test_quoted_and_tagged_scalars_are_text() -> None:
    assert parse_yaml("""{a: "1", b: '1', c: !!str 1, d: ! 1, 1: !!int 1}""", "file").data == {
        "a": "1",
        "b": "1",
        "c": "1",
        "d": "1",
        "1": 1,
    }


def test_aliases_share_a_value_and_merges_fill_in() -> None:
    document = parse_yaml("a: &a {x: 1, y: 2}\nb:\n  <<: *a\n  y: 3\nc: *a\nd: {<<: [{z: 1}, *a], x: 9}\n", "file")
    assert document.data["b"] == {"x": 1, "y": 3}
    assert document.data["c"] is document.data["a"]
    assert document.data["d"] == {"z": 1, "x": 9, "y": 2}
    assert document.place(("b", "x")) == (1, 11)  # where it was written
    assert not document.faults


def test_depth_up_to_the_cap_is_fine() -> None:
    value = parse_yaml("[" * MAX_DEPTH + "]" * MAX_DEPTH, "file").data
    depth = 0
    while value:
        value, depth = value[0], depth + 1
    assert depth == MAX_DEPTH - 1


def test_a_very_long_chain_of_brackets_costs_no_stack() -> None:
    with pytest.raises(ConfigError, match="more than 50 deep"):
        parse_yaml("[" * 200_000, "file")


def test_duplicate_keys_keep_the_first_and_tell_both_places() -> None:
    document = parse_yaml("a: 1\nb: 2\na: 3\n", "file")
    assert document.data == {"a": 1, "b": 2}
    assert [str(f) for f in document.faults] == [
        "file:3:1: a is set twice; the first is at line 1, column 1; keep one of them"
    ]


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.from_regex(r"[a-z]{1,8}", fullmatch=True), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(value=_values)
def test_reads_what_pyyaml_writes(value: Any) -> None:
    quoted = yaml.safe_dump(value, default_style='"')  # so that YAML 1.1's view of plain text does not matter
    assert parse_yaml(quoted, "file").data == value


@given(text=st.text() | st.text(alphabet="ab:- \n[]{}&*!|>'\"#%@`?,<\t0.~"))
def test_any_text_is_read_or_refused(text: str) -> None:
    faults: tuple[Fault, ...] = ()
    try:
        faults = tuple(parse_yaml(text, "file").faults)
    except ConfigError as error:
        faults = error.faults
    assert all(1 <= fault.line <= text.count("\n") + text.count("\r") + 2 for fault in faults)
