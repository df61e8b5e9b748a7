"""The page at `/`: links, and how each target does. Plain HTML that works without scripts. Pure."""

from collections.abc import Iterable, Mapping
from html import escape

from exporters.prometheus.discovery import page_path
from exporters.prometheus.messages import choose_language
from exporters.prometheus.store import TargetState

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b;"
    "background:#fff}table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .8rem .3rem 0;"
    "border-bottom:1px solid #ddd}.down{color:#a30000;font-weight:600}.stale,.waiting{color:#7a5200}.up{color:#1a6b2f}"
    "@media(prefers-color-scheme:dark){body{color:#e6e6e6;background:#161616}td,th{border-color:#444}"
    ".down{color:#ff8f85}.stale,.waiting{color:#e5b567}.up{color:#7fd191}a{color:#9cc4ff}}"
)

CONTENT_SECURITY_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"


def render_landing(states: Iterable[TargetState], now: float, accept_language: str, prefix: str) -> str:
    """Return the page for these targets at `now`, in Unix seconds; links start with `prefix`."""
    language, say = choose_language(accept_language)
    rows = "".join(_row(state, now, say, prefix) for state in states)
    heads = "".join(f"<th>{say[name]}</th>" for name in ("target", "job", "site", "state", "age", "page"))
    table = f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>" if rows else f"<p>{say['none']}</p>"
    links = "".join(
        f'<li><a href="{escape(prefix)}{path}">{path}</a>: {say[name]}</li>'
        for path, name in (
            ("/metrics", "metrics"),
            ("/-/metrics", "own"),
            ("/sd", "sd"),
            ("/-/healthy", "healthy"),
            ("/-/ready", "ready"),
        )
    )
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><title>{say["title"]}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{say['title']}</h1><p>{say['intro']}</p>"
        f"<ul>{links}</ul>{table}</body></html>\n"
    )


def _row(state: TargetState, now: float, say: Mapping[str, str], prefix: str) -> str:
    word = state.condition.value
    reason = f" ({escape(state.problem.reason.value)})" if state.problem is not None else ""
    age = say["never"] if state.read_at is None else say["ago"].format(seconds=max(0, round(now - state.read_at)))
    page = escape(prefix + page_path(state.target.name))
    cells = (escape(state.target.name), escape(state.job), escape(state.target.site))
    return (
        "<tr>"
        + "".join(f"<td>{cell}</td>" for cell in cells)
        + f'<td class="{word}">{say[word]}{reason}</td><td>{age}</td><td><a href="{page}">metrics</a></td></tr>'
    )
