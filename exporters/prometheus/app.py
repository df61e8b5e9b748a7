"""The web application: which path answers what. Reads only the store; GET and HEAD only."""

import re
from collections import Counter
from collections.abc import AsyncIterator, Callable
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from exporters.prometheus.body import Bodies
from exporters.prometheus.discovery import discover
from exporters.prometheus.landing import CONTENT_SECURITY_POLICY, render_landing
from exporters.prometheus.negotiate import accepts_gzip, choose_format
from exporters.prometheus.respond import PageResponse
from exporters.prometheus.selfmetrics import SelfMetrics
from exporters.prometheus.settings import WebSettings
from exporters.prometheus.store import Condition, Store, TargetState
from exporters.prometheus.text import Format

# Host is what the client says; it goes into /sd, so it is no more than a name or an address and a port.
_HOST = re.compile(r"([A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5})?")


class Site:
    """Answers requests from the store. `ready` and `healthy` are asked at each request."""

    def __init__(
        self,
        store: Store,
        bodies: Bodies,
        settings: WebSettings,
        metrics: SelfMetrics,
        now: Callable[[], float],
    ) -> None:
        self.ready: Callable[[], bool] = lambda: True
        self.healthy: Callable[[], bool] = lambda: True
        self._store = store
        self._bodies = bodies
        self._settings = settings
        self._metrics = metrics
        self._now = now
        self._writing: Counter[str] = Counter()  # by page

    def app(self) -> Starlette:
        """Return the application."""
        return Starlette(
            routes=[
                Route("/metrics", self.everything),
                Route("/targets/{name:path}/metrics", self.target),
                Route("/-/metrics", self.own),
                Route("/sd", self.discovery),
                Route("/-/healthy", self.health),
                Route("/-/ready", self.readiness),
                Route("/", self.landing),
            ]
        )

    async def everything(self, request: Request) -> Response:
        """Answer /metrics: all targets and netmon's own metrics."""
        writing = self._writing["metrics"]
        if writing >= self._settings.max_pages:
            return _plain(503, f"{writing} such pages are being written, as many as max_pages allows; try again.")
        return self._page(request, "metrics", self._bodies.everything)

    async def own(self, request: Request) -> Response:
        """Answer /-/metrics: netmon's own metrics, to go with the targets' pages."""
        return self._page(request, "own", self._bodies.own)

    async def target(self, request: Request) -> Response:
        """Answer one target's page; 404 when there is none such, 503 while nothing current is known of it."""
        name, job = request.path_params["name"], request.query_params.get("job")
        states = self._store.of_target(name, job)
        if not states:
            under = f" under job {job!r}" if job is not None else ""
            return _plain(404, f"There is no target {name!r}{under} in the inventory; /sd lists them.")
        self._store.refresh(states, self._now())
        shown = [state for state in states if state.condition is Condition.UP]
        if not shown:
            return _plain(503, "\n".join(self._why_not(state) for state in states))

        def chunks(form: Format, *, gzip: bool) -> AsyncIterator[bytes]:
            return self._bodies.some(shown, form, gzip=gzip)

        return self._page(request, "target", chunks)

    async def discovery(self, request: Request) -> Response:
        """Answer /sd."""
        listed: dict[str, tuple[TargetState, list[str]]] = {}
        for state in self._store:
            listed.setdefault(state.target.name, (state, []))[1].append(state.job)
        body = discover(((state.target, jobs) for state, jobs in listed.values()), self._base_url(request))
        return Response(body, media_type="application/json")

    async def health(self, _request: Request) -> Response:
        """Answer /-/healthy."""
        return _plain(200, "netmon is healthy.") if self.healthy() else _plain(503, "netmon is not healthy.")

    async def readiness(self, _request: Request) -> Response:
        """Answer /-/ready."""
        if self.ready():
            return _plain(200, "netmon is ready.")
        return _plain(503, "netmon is not ready: the first round of reading has not ended yet.")

    async def landing(self, request: Request) -> Response:
        """Answer / for a person."""
        states, now = list(self._store), self._now()
        self._store.refresh(states, now)
        prefix = urlsplit(self._settings.external_url or "").path
        page = render_landing(states, now, request.headers.get("accept-language", ""), prefix)
        headers = {"Content-Security-Policy": CONTENT_SECURITY_POLICY, "Vary": "Accept-Language"}
        return HTMLResponse(page, headers=headers)

    def _page(self, request: Request, page: str, body: Callable[..., AsyncIterator[bytes]]) -> Response:
        answer = choose_format(request.headers.get("accept", ""))
        gzip = self._settings.gzip and accepts_gzip(request.headers.get("accept-encoding", ""))
        headers = {"Content-Type": answer.content_type, "Vary": "Accept, Accept-Encoding"}
        if gzip:
            headers["Content-Encoding"] = "gzip"
        self._writing[page] += 1

        def finished(whole: bool) -> None:
            self._writing[page] -= 1
            if not whole:
                self._metrics.aborted.labels(page).inc()

        return PageResponse(lambda: body(answer.form, gzip=gzip), headers, self._settings.page_timeout_s, finished)

    def _why_not(self, state: TargetState) -> str:
        """Return one line on why a target's page cannot be shown."""
        name = f"Target {state.target.name!r} (job {state.job})"
        if not state.polled:
            return f"{name} has not been read yet."
        last = "never answered" if state.read_at is None else f"last answered {self._now() - state.read_at:.0f} s ago"
        if state.problem is None:
            return f"{name} was not read for longer than stale_after_s; it {last}."
        detail = f": {state.problem.detail}" if state.problem.detail else ""
        return f"{name} cannot be reached: {state.problem.reason}{detail}; it {last}."

    def _base_url(self, request: Request) -> str:
        if self._settings.external_url is not None:
            return self._settings.external_url
        host = request.headers.get("host", "")
        if not _HOST.fullmatch(host):
            host = self._settings.listen[0]
        return f"{request.url.scheme}://{host}"


def _plain(status: int, text: str) -> Response:
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return PlainTextResponse(text + "\n", status_code=status, headers=headers)
