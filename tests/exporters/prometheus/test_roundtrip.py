"""Whatever stands in labels and values: prometheus-client's own parsers read back what was put in."""

import asyncio
import math

from hypothesis import given, settings
from hypothesis import strategies as st

from exporters.prometheus.text import Format
from netmon.api import Family, Kind, Missing, Reason
from tests.support.exposition import Shelf, part, reading, series_of, table, target

VALUES = st.integers(-(2**53), 2**53) | st.floats() | st.just(Missing(Reason.INVALID))
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
HELPS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


@st.composite
def tables(draw: st.DrawFn) -> tuple[tuple[tuple[str, ...], ...], list[list[float | Missing]]]:
    rows = draw(st.lists(st.tuples(TEXTS, TEXTS), unique=True, max_size=5))
    column = st.lists(VALUES, min_size=len(rows), max_size=len(rows))
    return tuple(rows), draw(st.lists(column, min_size=3, max_size=3))


@given(tables(), HELPS, TEXTS)
@settings(max_examples=150, deadline=None)
def test_labels_and_values_survive_both_formats(
    given_table: tuple[tuple[tuple[str, ...], ...], list[list[float | Missing]]], about: str, name: str
) -> None:
    rows, columns = given_table
    families = (
        Family("a", Kind.GAUGE, about),
        Family("b_total", Kind.COUNTER, about),
        Family("c", Kind.COUNTER, about),
    )
    shelf = Shelf()
    watched = target(name)
    shelf.store.put(watched, "snmp", reading(part(table(list(zip(families, columns, strict=True)), ("x", "y"), rows))))
    wanted = {}
    for family, column in zip(families, columns, strict=True):
        for (x, y), value in zip(rows, column, strict=True):
            if isinstance(value, Missing) or (family.name == "b_total" and not value >= 0):
                continue
            labels = {"instance": name, "job": "snmp", "site": "dc", "x": x, "y": y}
            wanted[family.name, frozenset(labels.items())] = float(value)
    for form in Format:
        page = series_of(asyncio.run(shelf.page(form)), form)
        got = {key: value for key, value in page.items() if not key[0].startswith("netmon_")}
        assert got.keys() == wanted.keys()
        assert all(got[key] == value or (math.isnan(got[key]) and math.isnan(value)) for key, value in wanted.items())


def test_bytes_that_are_not_text_do_not_spoil_the_page() -> None:
    shelf = Shelf()
    rows = (("a\0b",), ("caf\udce9",))
    shelf.store.put(target(), "snmp", reading(part(table([(Family("m", Kind.GAUGE, "\udcff"), (1, 2))], ("x",), rows))))
    page = asyncio.run(shelf.page())
    assert 'x="a\ufffdb"} 1\n' in page
    assert 'x="caf?"} 2\n' in page
