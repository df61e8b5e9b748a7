"""Numbers and headers as both formats want them."""

import math
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporters.prometheus.names import escape_help, label_names, metric_name
from exporters.prometheus.text import Format, header, openmetrics_name, sample_lines, value_text
from netmon.api import Column, Family, Kind, Missing, Reason

LABELS = ('{a="1"} ', '{a="2"} ', '{a="3"} ')
GONE = Missing(Reason.TIMEOUT)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (-7, "-7"),
        (2**64 - 1, "18446744073709551615"),
        (True, "1"),
        (1.0, "1.0"),
        (0.1, "0.1"),
        (-0.0, "-0.0"),
        (1e22, "1e+22"),
        (math.inf, "+Inf"),
        (-math.inf, "-Inf"),
        (math.nan, "NaN"),
    ],
)
def test_one_value(value: float, text: str) -> None:
    assert value_text(value) == text


@given(st.integers() | st.floats())
def test_every_value_reads_back_the_same(value: float) -> None:
    back = type(value)(value_text(value))
    assert back == value or (math.isnan(back) and math.isnan(value))


@pytest.mark.parametrize(
    ("column", "lines"),
    [
        (array("Q", [1, 2, 2**64 - 1]), ["1", "2", "18446744073709551615"]),
        (array("q", [-1, 0, 1]), ["-1", "0", "1"]),
        (array("d", [0.5, 1.0, -2.25]), ["0.5", "1.0", "-2.25"]),
        (array("d", [0.5, math.inf, math.nan]), ["0.5", "+Inf", "NaN"]),
        (array("d", [math.inf, -math.inf, 1]), ["+Inf", "-Inf", "1.0"]),
        ([1, 2.5, True], ["1", "2.5", "1"]),
        ((1, 2, 3), ["1", "2", "3"]),
    ],
)
def test_a_column_becomes_lines(column: Column, lines: list[str]) -> None:
    wanted = "".join(f"m{label}{line}\n" for label, line in zip(LABELS, lines, strict=True))
    assert sample_lines("m", LABELS, column).decode() == wanted


def test_missing_cells_give_no_line() -> None:
    assert sample_lines("m", LABELS, [GONE, 5, GONE]) == b'm{a="2"} 5\n'
    assert sample_lines("m", LABELS, [GONE, GONE, GONE]) == b""
    assert sample_lines("m", (), ()) == b""


def test_skipped_rows_give_no_line() -> None:
    assert sample_lines("m", LABELS, array("Q", [1, 2, 3]), skip={0, 2}) == b'm{a="2"} 2\n'


def test_what_no_counter_can_be_gives_no_line() -> None:
    assert sample_lines("m_total", LABELS, array("d", [-1, math.nan, 2]), counter=True) == b'm_total{a="3"} 2.0\n'
    assert sample_lines("m_total", LABELS, [GONE, -5, 0], counter=True) == b'm_total{a="3"} 0\n'
    assert sample_lines("m", LABELS, array("d", [-1, 1, 2]), counter=False).count(b"\n") == 3


@pytest.mark.parametrize(
    ("name", "kind", "names", "wanted"),
    [
        ("ifHCInOctets", Kind.COUNTER, (), ("ifHCInOctets", "unknown")),
        ("node_forks_total", Kind.COUNTER, (), ("node_forks", "counter")),
        ("node_forks_total", Kind.COUNTER, ("node_forks",), ("node_forks_total", "unknown")),
        ("node_forks_total", Kind.COUNTER, ("node_forks_created",), ("node_forks_total", "unknown")),
        ("_total", Kind.COUNTER, (), ("_total", "unknown")),
        ("ifType_info", Kind.GAUGE, (), ("ifType_info", "gauge")),
        ("x_total", Kind.GAUGE, (), ("x_total", "gauge")),
        ("x_count", Kind.UNTYPED, (), ("x_count", "unknown")),
        ("x_bucket", Kind.COUNTER, (), ("x_bucket", "unknown")),
    ],
)
def test_names_in_openmetrics(name: str, kind: Kind, names: tuple[str, ...], wanted: tuple[str, str]) -> None:
    assert openmetrics_name(name, kind, names) == wanted


def test_headers() -> None:
    family = Family("a_total", Kind.COUNTER, 'back\\slash "quoted"\nnext')
    assert header(family, "a_total", Format.TEXT, ()).decode() == (
        '# HELP a_total back\\\\slash "quoted"\\nnext\n# TYPE a_total counter\n'
    )
    assert header(family, "a_total", Format.OPENMETRICS, ()).decode() == (
        '# HELP a back\\\\slash \\"quoted\\"\\nnext\n# TYPE a counter\n'
    )
    assert header(Family("b", Kind.UNTYPED, ""), "b", Format.TEXT, ()) == b"# TYPE b untyped\n"
    assert header(Family("b", Kind.UNTYPED, ""), "b", Format.OPENMETRICS, ()) == b"# TYPE b unknown\n"


def test_names_that_may_not_stand_there() -> None:
    assert metric_name("a:b_1") == "a:b_1"
    assert metric_name("1.3.6") == "_1_3_6"
    assert metric_name("") == "_"
    assert label_names(("if-index", "9"), frozenset()) == ("if_index", "_9")


def test_labels_that_are_taken_become_exported() -> None:
    assert label_names(("job", "job", "x"), frozenset({"job"})) == ("exported_job", "exported_exported_job", "x")


def test_a_nul_does_not_end_the_page() -> None:
    assert escape_help("a\0b", quotes=False) == "a\ufffdb"
