"""All routers together. Everything under /api/v1 needs a session or a token; the description of the API is open."""

from ninja import NinjaAPI

from quarterdeck.doors.api import (
    breakdowns,
    connections,
    decisions,
    effects,
    errors,
    fleet,
    me,
    people,
    projects,
    runs,
    tickets,
    trackers,
)

ROUTERS = [
    me.router, runs.router, decisions.router, tickets.router, projects.router, connections.router, people.router,
    fleet.router, effects.router, trackers.router, breakdowns.router,
]  # fmt: skip


def build() -> NinjaAPI:
    api = NinjaAPI(title="Quarterdeck", version="1", docs_url=None, openapi_url="/openapi.json", urls_namespace="api")
    for router in ROUTERS:
        api.add_router("", router)
    errors.install(api)
    return api


api = build()
