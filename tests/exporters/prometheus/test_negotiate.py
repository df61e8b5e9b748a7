"""Accept and Accept-Encoding as Prometheus, browsers and scripts send them."""

import pytest

from exporters.prometheus.negotiate import accepts_gzip, choose_format
from exporters.prometheus.text import Format

PROMETHEUS_2 = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
PROMETHEUS_3 = (
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7,"
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)


@pytest.mark.parametrize(
    ("accept", "form", "version"),
    [
        ("", Format.TEXT, "0.0.4"),
        ("*/*", Format.TEXT, "0.0.4"),
        (PROMETHEUS_2, Format.OPENMETRICS, "1.0.0"),
        (PROMETHEUS_3, Format.OPENMETRICS, "1.0.0"),
        ("application/openmetrics-text", Format.OPENMETRICS, "1.0.0"),
        ("application/openmetrics-text; version=0.0.1", Format.OPENMETRICS, "0.0.1"),
        ('Application/OpenMetrics-Text; Version="1.0.0"', Format.OPENMETRICS, "1.0.0"),
        ("application/openmetrics-text; version=2.0.0", Format.TEXT, "0.0.4"),
        ("application/openmetrics-text;q=0.4, text/plain;q=0.5", Format.TEXT, "0.0.4"),
        ("application/openmetrics-text;q=0, */*", Format.TEXT, "0.0.4"),
        ("text/html,application/xhtml+xml;q=0.9,*/*;q=0.8", Format.TEXT, "0.0.4"),
        ("application/json", Format.TEXT, "0.0.4"),
        ("application/openmetrics-text;q=high", Format.TEXT, "0.0.4"),
        ("application/openmetrics-text;q=nan", Format.TEXT, "0.0.4"),
        (",,;;=,", Format.TEXT, "0.0.4"),
    ],
)
def test_formats(accept: str, form: Format, version: str) -> None:
    answer = choose_format(accept)
    assert answer.form is form
    assert f"version={version};" in answer.content_type


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("", False),
        ("gzip", True),
        ("GZIP", True),
        ("deflate, gzip;q=1.0, *;q=0.5", True),
        ("gzip;q=0", False),
        ("gzip;q=0, *", False),
        ("*", True),
        ("br", False),
        ("identity, gzip;q=0.5", False),
        ("identity;q=0.5, gzip;q=1", True),
        ("x-gzip", True),
    ],
)
def test_encodings(header: str, wanted: bool) -> None:
    assert accepts_gzip(header) is wanted
