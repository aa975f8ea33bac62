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

        async def again(kept: KeptAnswer) -> Answer[CaseResource]:
            await deps.cases.get(UUID(kept.content["id"]), once.caller)  # who may not see it now gets 404
            return kept.answer()

        return await once(render, lambda receipt: deps.cases.draft(command, receipt=receipt), again)

    @router.get("")
    async def search(
        asked: Annotated[CaseSearch, Query()], caller: Caller, cursors: CaseCursors, request: Request
    ) -> Answer[CasePage]:
        deps: Dependencies = request.app.state.dependencies
        rows = await deps.queries.search(asked, cursors.after_instant(asked), asked.limit + 1)
        return ok(await CasePage.of(rows, asked.limit, cursors))

A route returns an ``Answer[…]`` of what it declares (``ok(…)``, ``await once(…)``). FastAPI reads the
annotation for the document and sends the answer as it is; the tests hold every answer to that document.
A dependency is ``async def``, else it costs a thread. A refusal is raised and never caught: ``problem``
turns it into its answer. A route that polls long watches ``request.app.state.stopping``.
"""
