"""The HTTP service: its application, and how it is run.

Each part is a function that gives a router for a `Live`: add a part by adding its router to `create_app`.
"""

from __future__ import annotations

import contextlib
import logging
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any, TextIO

import uvicorn
from fastapi import APIRouter, FastAPI, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.middleware import Middleware

from kg.errors import UsageError
from kg.settings import Settings
from search_api import (
    describe,
    downloads,
    problems,
    routes_admin,
    routes_api,
    routes_dossier,
    routes_knowledge,
    routes_network,
    routes_search,
    routes_suggest,
    sparql_protocol,
)
from search_api.frame import Frame, Metrics, set_up_logging
from search_api.live import Live
from search_api.models import Health
from search_api.rate import RateLimit
from search_api.sparql_run import Limits
from search_api.tokens import Keeper
from search_api.web import pages, reviewing

log = logging.getLogger("gvpp.service")
GRACE = 5  # seconds over the time limit of a query that requests have to end when the service stops
DESCRIPTION = """
Ask the safety and prevention plans of the Brussels Region, in Dutch or in French. Every row of an answer has the words that prove
it and where they stand. Everything is read only, but for a dossier that is saved on purpose. Errors are problem documents
(RFC 9457).
"""
Router = Callable[[Live], APIRouter]
# Parts of the service. The pages come before the linked data, which answers every address below /doc.
ROUTERS: tuple[Router, ...] = (
    routes_search.router,
    routes_dossier.router,
    routes_suggest.router,
    routes_network.router,
    routes_knowledge.router,
    routes_api.router,
    downloads.router,
    pages.router,
    pages.linked,
)


def create_app(
    settings: Settings,
    limits: Limits | None = None,
    *,
    routers: Iterable[Router] = ROUTERS,
    access: TextIO | None = None,
    rate: float = 0.0,
    proxies: tuple[str, ...] = (),
) -> FastAPI:
    """The application. It opens the data when its lifespan begins; `app.state.live` is what its routes share.

    access: where a line per request goes, None for nowhere; rate: requests per second of one client, 0 for no limit; proxies:
    see RateLimit. The routes of administration are there only where there are tokens.
    """
    live, metrics = Live(settings, limits), Metrics()
    keeper = Keeper(settings.data)
    admin = bool(keeper.known())
    around = [Middleware(Frame, metrics=metrics, access=access, bodies=routes_admin.UPLOADS if admin else None)]
    if rate:
        around.append(Middleware(RateLimit, rate=rate, proxies=proxies))
    metrics.registry.register(_State(live))

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await live.start()
        try:
            yield
        finally:
            await live.close()

    app = FastAPI(
        title="gvpp",
        version=describe.version(),
        description=DESCRIPTION.strip(),
        license_info={"name": "EUPL-1.2", "identifier": "EUPL-1.2"},
        lifespan=lifespan,
        docs_url=None,  # both fetch from elsewhere
        redoc_url=None,
        redirect_slashes=False,
        middleware=around,
    )
    app.state.live, app.state.metrics = live, metrics
    app.state.problem_page = pages.problem_page(live)
    problems.install(app)
    app.include_router(
        sparql_protocol.router(
            lambda: live.pool,
            describe=lambda: describe.service_description(live.view),
            generation=lambda: (live.view.name, live.view.date),
        )
    )
    app.include_router(_probes(live, metrics))
    for router in routers:
        app.include_router(router(live))
    if admin:
        app.include_router(routes_admin.router(live, keeper))
        app.include_router(reviewing.router(live, keeper))
    _document(app)
    return app


def _document(app: FastAPI) -> None:
    """The OpenAPI document without the errors that FastAPI would send: ours are problem documents, with status 400."""
    whole = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            found = whole()
            for operations in found["paths"].values():
                for operation in operations.values():
                    if "HTTPValidationError" in str(operation["responses"].get("422", "")):
                        del operation["responses"]["422"]
            for name in ("HTTPValidationError", "ValidationError"):
                found["components"]["schemas"].pop(name, None)
        return app.openapi_schema or {}

    app.openapi = openapi  # type: ignore[method-assign]


def _probes(live: Live, metrics: Metrics) -> APIRouter:
    """What watches the service asks these."""
    routes = APIRouter(tags=["operation"])

    @routes.get("/healthz", response_model=Health, summary="Whether the process answers", operation_id="healthz")
    async def healthz() -> Health:
        return Health(status="ok", version=describe.version())

    @routes.get(
        "/readyz",
        response_model=Health,
        responses={503: routes_api.ERRORS[503]},
        summary="Whether the data is open and workers wait",
        operation_id="readyz",
    )
    async def readyz(request: Request) -> Any:
        if live.ready:
            return Health(status="ok", generation=live.view.name)
        return problems.respond(
            request, 503, "store", live.fault, "", "run `gvpp build`", headers={"retry-after": str(problems.HOLD)}
        )

    @routes.get("/metrics", response_class=Response, summary="Metrics for Prometheus", operation_id="metrics")
    async def metrics_() -> Response:
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST, headers={"cache-control": "no-store"})

    return routes


class _State(Collector):
    """What is the case at the moment of asking: workers, queue, generation."""

    def __init__(self, live: Live) -> None:
        self.live = live

    def collect(self) -> Iterable[Metric]:
        pool = self.live.workers
        yield GaugeMetricFamily("gvpp_ready", "1 where questions can be answered.", value=float(self.live.ready))
        switches = CounterMetricFamily("gvpp_generations", "Generations opened since the start.")
        switches.add_metric([], self.live.switches)
        yield switches
        if pool is None:
            return
        yield GaugeMetricFamily("gvpp_workers", "SPARQL workers that are alive.", value=len(pool.workers))
        yield GaugeMetricFamily("gvpp_workers_busy", "SPARQL workers that have a query.", value=pool.busy)
        yield GaugeMetricFamily("gvpp_queries_waiting", "Queries that wait for a worker.", value=len(pool.waiting))
        events = CounterMetricFamily("gvpp_worker_events", "What happened to workers and their queries.", labels=["event"])
        for name in ("started", "died", "killed", "timeouts", "refused", "retried", "cancelled"):
            events.add_metric([name], pool.counts[name])
        yield events


class _Server(uvicorn.Server):
    """Says where it serves once it does."""

    def __init__(self, config: uvicorn.Config, announce: Callable[[], None]) -> None:
        super().__init__(config)
        self.announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self.announce()


def bind(host: str, port: int) -> socket.socket:
    """A socket to serve on; port 0 takes a free one. Raises UsageError where the address cannot be had."""
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        found = socket.socket(family, socket.SOCK_STREAM)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(address)
    except (OSError, OverflowError) as error:
        raise UsageError(
            f"cannot be served on: {error}", where=f"{host}:{port}", remedy="choose another --host or --port"
        ) from error
    return found


def address_of(listening: socket.socket) -> str:
    """The address to open in a browser."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(
    settings: Settings,
    limits: Limits,
    *,
    host: str,
    port: int,
    announce: Callable[[str], None],
    rate: float = 0.0,
    proxies: tuple[str, ...] = (),
) -> None:
    """Serve until SIGINT or SIGTERM; requests that run are answered first."""
    listening = bind(host, port)
    set_up_logging()
    config = uvicorn.Config(
        create_app(settings, limits, access=sys.stderr, rate=rate, proxies=proxies),
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=round(limits.seconds) + GRACE,
        timeout_keep_alive=30,
        h11_max_incomplete_event_size=64 * 1024,
    )
    with contextlib.closing(listening):
        server = _Server(config, lambda: announce(address_of(listening)))
        # The server handles these itself, and raises them once more when it has stopped: by then there is nothing left to end.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: None)
        server.run(sockets=[listening])
