"""Answers of Prometheus, whole, cut, changed and made up."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netmon.api import PeerAuthFailed, PeerError, PeerMalformed, PeerRefused, PeerTimeout
from netmon.core.history.prometheus_wire import MAX_POINTS, Found, TooMuch, failure, form, merged, parse, spans

ANSWER = (
    b'{"status":"success","data":{"resultType":"matrix","result":['
    b'{"metric":{"__name__":"up","instance":"a"},"values":[[1,"0.5"],[2.5,"NaN"],[4,"+Inf"],[5,"-1e3"]]},'
    b'{"metric":{},"values":[]}]},"warnings":["w"]}'
)
JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text() | st.integers(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
)


def test_an_answer() -> None:
    first, second = parse(ANSWER)
    assert first[0] == {"__name__": "up", "instance": "a"}
    assert (first[1].tolist(), first[2].tolist()) == ([1.0, 5.0], [0.5, -1000.0])
    assert first[1].dtype == first[2].dtype == np.float64
    assert (second[0], len(second[1]), len(second[2])) == ({}, 0, 0)


def test_an_answer_cut_anywhere_is_none() -> None:
    for size in range(len(ANSWER)):
        with pytest.raises(PeerMalformed, match="not an answer of Prometheus"):
            parse(ANSWER[:size])


@given(st.integers(0, len(ANSWER) - 1), st.integers(0, 255))
def test_an_answer_with_an_octet_changed_raises_nothing_else(at: int, octet: int) -> None:
    harmless(ANSWER[:at] + bytes([octet]) + ANSWER[at + 1 :])


@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_anything_raises_nothing_else(body: bytes) -> None:
    harmless(body)


@given(JSON, JSON)
def test_anything_in_the_place_of_points_raises_nothing_else(values: object, metric: object) -> None:
    result = [{"metric": metric, "values": values}]
    harmless(json.dumps({"status": "success", "data": {"resultType": "matrix", "result": result}}).encode())


def harmless(body: bytes) -> None:
    assert isinstance(failure(500, body), PeerError)
    try:
        found = parse(body)
    except PeerError:
        return
    for labels, at, values in found:
        assert all(isinstance(text, str) for pair in labels.items() for text in pair)
        assert np.isfinite(at).all()
        assert np.isfinite(values).all()
        assert (np.diff(at) > 0).all()


@pytest.mark.parametrize(
    ("points", "problem"),
    [
        ('[[1,"a"]]', "a value in the answer is no number"),
        ('[[2,"1"],[1,"1"]]', "the times in the answer do not ascend"),
        ("[[1,1]]", "not an answer of Prometheus"),
    ],
)
def test_points_that_are_none(points: str, problem: str) -> None:
    body = f'{{"status":"success","data":{{"resultType":"matrix","result":[{{"metric":{{}},"values":{points}}}]}}}}'
    with pytest.raises(PeerMalformed, match=problem):
        parse(body.encode())


def test_another_type_of_result_is_told() -> None:
    with pytest.raises(PeerMalformed, match="a 'vector' came where a matrix was asked for"):
        parse(b'{"status":"success","data":{"resultType":"vector","result":[]}}')


@pytest.mark.parametrize(
    ("status", "body", "kind", "text"),
    [
        (400, b'{"status":"error","errorType":"bad_data","error":"no"}', PeerRefused, "bad_data: no"),
        (200, b'{"status":"error","errorType":"bad_data","error":"no"}', PeerRefused, "bad_data: no"),
        (503, b'{"status":"error","errorType":"timeout","error":"slow"}', PeerTimeout, "timeout: slow"),
        (422, b'{"errorType":"execution","error":"too many samples into memory"}', TooMuch, "execution: too many.*"),
        (413, b"<html>", TooMuch, "HTTP status 413"),
        (401, b"", PeerAuthFailed, "HTTP status 401"),
        (403, b'{"error":"go away"}', PeerAuthFailed, ": go away"),
        (504, b"", PeerTimeout, "HTTP status 504"),
        (302, b"", PeerMalformed, "HTTP status 302"),
        (500, b"x" * 9_999, PeerRefused, "HTTP status 500"),
    ],
)
def test_errors_have_the_words_of_prometheus(status: int, body: bytes, kind: type[PeerError], text: str) -> None:
    error = failure(status, body)
    assert type(error) is kind
    with pytest.raises(kind, match=f"^{text}$"):
        raise error


def test_words_without_end_are_cut() -> None:
    assert len(str(failure(400, b'{"error":"%b"}' % (b"x" * 5_000)))) == 300


@given(st.integers(0, 2_000_000_000), st.integers(0, 60_000), st.sampled_from([0.5, 1.0, 15.0, 300.0]))
def test_a_range_is_asked_in_parts_that_hold_each_point_once(start: int, points: int, step_s: float) -> None:
    end = start + points * step_s + step_s / 3
    parts = list(spans(start, end, step_s))
    asked = [round((last - first) / step_s) + 1 for first, last in parts]
    assert sum(asked) == points + 1
    assert max(asked) <= MAX_POINTS
    assert all(parts[i + 1][0] == parts[i][1] + step_s for i in range(len(parts) - 1))
    assert math.isclose(parts[0][0], start)


def test_parts_of_one_series_become_one() -> None:
    def part(at: float, *names: str) -> list[Found]:
        return [({"instance": name}, np.array([at]), np.array([at * 2])) for name in names]

    found = merged(iter([part(1, "a", "b"), part(2, "b"), part(3, "b", "c")]))
    assert [(labels["instance"], at.tolist(), values.tolist()) for labels, at, values in found] == [
        ("a", [1.0], [2.0]),
        ("b", [1.0, 2.0, 3.0], [2.0, 4.0, 6.0]),
        ("c", [3.0], [6.0]),
    ]


def test_what_is_asked() -> None:
    assert form('up{a="b&c"}', 1.0, 2.5, 15.0) == b"query=up%7Ba%3D%22b%26c%22%7D&start=1.000&end=2.500&step=15"
