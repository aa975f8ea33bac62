"""The REST chassis: what every service's API promises, so that a route only translates.

How a service wires it::

    # services/incidents/api/routes.py
    router = APIRouter(prefix="/v1/incidents", tags=["cases"])

    @router.post("", status_code=201)
    async def create(body: CaseBody, request: Request, once: OnceOnly) -> Answer[CaseResource]:
        deps: Dependencies = request.app.state.dependencies
        command = body.to_command(once.caller, at=deps.clock.now())

        async def render(case: Case) -> Answer[CaseResource]:
            return created(CaseResource.of(case), location=f"/v1/incidents/{case.id}", version=case.version)

        return await once(render, lambda receipt: deps.cases.draft(command, receipt=receipt))

    @router.get("")
    async def search(
        asked: Annotated[CaseSearch, Query()], caller: Caller, request: Request
    ) -> Answer[CasePage]:
        deps: Dependencies = request.app.state.dependencies
        rows = await deps.queries.search(asked, asked.after_instant(), asked.limit + 1)
        return ok(CasePage.of(rows, asked.limit))

    # services/incidents/main.py
    def build_api(settings: Settings) -> FastAPI:
        readiness = Readiness()

        @asynccontextmanager
        async def lifespan(app: FastAPI) -> AsyncIterator[None]:
            async with bootstrap.desk(settings) as desk:      # opens pools, starts the appender
                app.state.dependencies, app.state.receipts = desk, desk.store
                readiness.require("store", desk.store_usable)
                yield                                        # on the way out: drain the appender, close pools

        auth = Authenticator(settings.auth_issuer, settings.auth_audience, settings.auth_jwks_url)
        return build_app(title="Incidents", version="1", lifespan=lifespan,
                         routers=[routes.router], auth=auth, readiness=readiness)

    def api() -> int:
        "Serve the REST API."
        settings = load(Settings)
        configure(settings.stairs_log, service="incidents")
        return serve_api(build_api(settings), settings.host, settings.port)

A route returns an ``Answer[…]`` of what it declares (``ok(…)``, ``await once(…)``): FastAPI reads
the annotation for the document and sends the answer as it is. The tests hold every answer to that document.
A dependency is ``async def``, else it costs a thread. A refusal is raised and never caught: ``problem`` turns
it into its answer. A route that polls long watches ``request.app.state.stopping``.
"""
