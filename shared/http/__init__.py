"""The REST chassis: what every service's API promises, so that a route only translates.

How a service wires it::

    # services/incidents/api/routes.py
    router = APIRouter(prefix="/v1/incidents", tags=["cases"])

    @router.post("", status_code=201, response_model=CaseResource)
    async def create(body: CaseBody, caller: Caller, once: OnceOnly, request: Request) -> Response:
        desk: Desk = request.app.state.dependencies
        command = body.to_command(caller, at=desk.clock.now())
        return await once(render_created, lambda receipt: desk.cases.draft(command, receipt=receipt))

    @router.patch("/{case_id}", response_model=CaseResource)
    async def amend(
        case_id: UUID, body: CasePatch, caller: Caller, expected: IfMatch, once: OnceOnly, request: Request
    ) -> Response: ...

    @router.get("", response_model=CaseList)
    async def search(asked: Annotated[CaseSearch, Query()], caller: Caller, request: Request) -> Response:
        rows = await request.app.state.dependencies.queries.search(asked, asked.after("ss"))
        return respond(ok(page(rows, asked.limit, key=lambda row: (row["submitted_at"], row["id"]))))

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

A route returns a ``Response`` (``respond(ok(…))``, ``await once(…)``); ``response_model`` only documents it.
A dependency is ``async def``, else it costs a thread. A refusal is raised and never caught: ``problem`` turns
it into its answer. A route that polls long watches ``request.app.state.stopping``.
"""
