"""The expressions of profiles: what they accept, how they fail, and what they make of columns."""

from array import array
from collections.abc import Mapping, Sequence

import pytest

from collectors.snmp import expression
from collectors.snmp.evaluate import ABSENT, evaluate
from collectors.snmp.expression import Among, Binary, Call, Const, Name
from netmon.api import Column, Missing, Reason, Value


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("ifSpeed", Name("ifSpeed")),
        ("a * 2 + b", Binary("+", Binary("*", Name("a"), Const(2)), Name("b"))),
        ("100 - idle", Binary("-", Const(100), Name("idle"))),
        ("-1.5 * a", Binary("*", Const(-1.5), Name("a"))),
        ("state == 'up'", Among(Name("state"), ("up",))),
        ("state in (1, 'up')", Among(Name("state"), (1, "up"))),
        ("first(a, unwrap(b))", Call("first", (Name("a"), Call("unwrap", (Name("b"),))))),
        ("at(a, 6)", Call("at", (Name("a"), Const(6)))),
    ],
)
def test_an_expression_becomes_a_tree(text: str, node: expression.Node) -> None:
    assert expression.parse(text) == node


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a +", "not an expression: invalid syntax"),
        ("a ** 2", "character 1: only numbers, names of objects"),
        ("__import__('os')", "character 1: no function '__import__'; there are at, dbm, first, positive,"),
        ("a.b", "character 1: only numbers"),
        ("x + True", "character 5: only numbers"),
        ("dbm(a, b)", "character 1: dbm takes 1 arguments, not 2"),
        ("first(a)", "character 1: first takes 2 to 8 arguments, not 1"),
        ("unwrap(a + 1)", "character 1: unwrap takes the name of an object"),
        ("at(a, b)", "character 1: at takes the name of an object and a whole number"),
        ("a in (b, 1)", "character 7: only numbers and quoted names stand after 'in'"),
        ("a + " * 200 + "a", "longer than 400 characters"),
        ("(" * 300 + "a" + ")" * 300, "longer than 400 characters"),
        ("a\0", "not an expression: source code string cannot contain null bytes"),
    ],
)
def test_anything_else_is_refused_with_its_place(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        expression.parse(text)
    assert str(caught.value).startswith(why)


class Columns:
    """A source of columns for tests."""

    def __init__(self, columns: Mapping[str, Column]) -> None:
        self.columns = columns
        self.unwrapped: list[list[bool] | None] = []

    @property
    def rows(self) -> int:
        return len(next(iter(self.columns.values())))

    def column(self, name: str) -> Column:
        return self.columns[name]

    def unwrap(self, name: str, needed: Sequence[bool] | None) -> Column:
        self.unwrapped.append(None if needed is None else list(needed))
        return self.columns[name]

    def at(self, name: str, index: int) -> Value | Missing:
        return self.columns[name][index]

    def matches(self, among: Among) -> Column:
        return [int(value in among.values) for value in self.columns[among.column.name]]


def value(text: str, **columns: Column) -> list[Value | Missing]:
    return list(evaluate(expression.parse(text), Columns(columns)))


LOST = Missing(Reason.TIMEOUT, "late")


def test_arithmetic_is_done_by_the_column() -> None:
    assert value(
        "(size - free) * unit", size=array("q", [10, 20]), free=array("q", [1, 2]), unit=array("q", [4, 8])
    ) == [
        36,
        144,
    ]
    assert value("load / 100", load=array("q", [7, 50])) == [0.07, 0.5]


def test_what_is_missing_stays_missing_and_keeps_its_reason() -> None:
    assert value("a * 2 + b", a=[1, LOST], b=array("q", [5, 5])) == [7, LOST]


def test_a_number_without_a_result_is_invalid_and_spoils_no_other() -> None:
    good, bad = value("a / b", a=array("q", [6, 6]), b=array("q", [3, 0]))
    assert good == 2
    assert isinstance(bad, Missing)
    assert bad.reason is Reason.INVALID


def test_first_takes_the_next_where_the_device_has_none_but_not_where_it_failed() -> None:
    assert value("first(a, b)", a=[1, ABSENT, LOST], b=array("q", [7, 8, 9])) == [1, 8, 9]
    assert value("first(a, b)", a=[ABSENT, LOST], b=[LOST, ABSENT]) == [LOST, LOST]


def test_the_second_choice_is_not_even_computed_where_the_first_is_whole() -> None:
    source = Columns({"a": array("Q", [1, 2]), "b": array("Q", [3, 4])})
    assert list(evaluate(expression.parse("first(a, unwrap(b))"), source)) == [1, 2]
    assert source.unwrapped == []
    source = Columns({"a": [1, ABSENT], "b": array("Q", [3, 4])})
    assert list(evaluate(expression.parse("first(a, unwrap(b))"), source)) == [1, 4]
    assert source.unwrapped == [[False, True]]


def test_a_counter_that_was_lost_is_not_replaced_by_another_which_would_fall() -> None:
    source = Columns({"a": [1, LOST, ABSENT], "b": [3, ABSENT, 5]})
    assert list(evaluate(expression.parse("first(a, unwrap(b))"), source)) == [1, LOST, 5]
    assert source.unwrapped == [[False, False, True]]


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("scaled(a, -1)", 25.4),  # not 25.400000000000002
        ("scaled(a, 3)", 254_000),
        ("scaled(a, 0)", 254),
        ("dbm(a / 254000)", 0.0),  # one milliwatt
        ("positive(a)", 254),
        ("a == 254", 1),
        ("a in (1, 2)", 0),
    ],
)
def test_functions(text: str, result: float) -> None:
    assert value(text, a=array("q", [254])) == [pytest.approx(result)]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("dbm(a)", Reason.INVALID),
        ("positive(a)", Reason.NOT_SUPPORTED),
        ("when(a, a + 1)", Reason.NOT_SUPPORTED),
        ("scaled(a, 99)", Reason.INVALID),
    ],
)
def test_functions_of_what_has_no_value(text: str, reason: Reason) -> None:
    (got,) = value(text, a=array("q", [0]))
    assert isinstance(got, Missing)
    assert got.reason is reason


def test_at_reads_one_row_for_all() -> None:
    assert value("a - at(a, 1)", a=array("q", [10, 4, 5])) == [6, 0, 1]
