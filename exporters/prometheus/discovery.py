"""Prometheus HTTP service discovery: which pages to scrape, and the labels that `up` shall carry. Pure.

https://prometheus.io/docs/prometheus/latest/http_sd/
"""

import json
from collections.abc import Iterable, Sequence
from typing import TypeAlias
from urllib.parse import SplitResult, quote, urlsplit

from exporters.prometheus.names import label_names
from netmon.api import Target

Group: TypeAlias = dict[str, list[str] | dict[str, str]]

_OWN = frozenset(("instance", "job", "site"))


def page_path(name: str) -> str:
    """Return the path of a target's page as a URL spells it."""
    return f"/targets/{quote(name, safe='')}/metrics"


def discover(targets: Iterable[tuple[Target, Sequence[str]]], base_url: str) -> bytes:
    """Return the JSON that lists each target under each of its jobs; `base_url` is where clients reach us.

    `__metrics_path__` holds the path unquoted: Prometheus quotes it when it builds the URL. A target with several jobs
    gets one page for each, told apart by `?job=`, so that each has its own `up`.
    """
    base = urlsplit(base_url)
    groups = [_group(target, job, base, several=len(jobs) > 1) for target, jobs in targets for job in jobs]
    return json.dumps(groups, ensure_ascii=False).encode()


def _group(target: Target, job: str, base: SplitResult, *, several: bool) -> Group:
    names = label_names(tuple(name for name, _ in target.labels), _OWN)
    labels = {name: value for name, (_, value) in zip(names, target.labels, strict=True)}
    labels |= {
        "__metrics_path__": f"{base.path}/targets/{target.name}/metrics",
        "instance": target.name,
        "job": job,
        "site": target.site,
    }
    if base.scheme == "https":
        labels["__scheme__"] = "https"
    if several:
        labels["__param_job"] = job
    port = "" if base.port is not None else ":443" if base.scheme == "https" else ":80"
    return {"targets": [base.netloc + port], "labels": labels}
