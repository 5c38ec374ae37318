"""The application: every room's routes, headers that keep a page harmless, and errors that a person can read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import APIRouter, FastAPI, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse

from turnup import discovery
from turnup.domain.errors import Transient, TurnupError
from turnup.reporting.page import CONTENT_SECURITY_POLICY, render
from turnup.web import access, rooms

HEADERS = {
    "Content-Security-Policy": f"{CONTENT_SECURITY_POLICY}; frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""Of every answer; a room that needs another policy sets its own."""

TITLES = {401: "Please log in", 403: "Not allowed", 404: "Not found", 503: "Not now"}


def application() -> FastAPI:
    """Made of the rooms that are in the folder."""
    app = FastAPI(title="turnup", docs_url=None, redoc_url=None, openapi_url=None)
    found = discovery.discover(rooms.__name__, discovery.folder_of(rooms.__file__ or ""), "ROUTER", APIRouter)
    for router in found.values():
        app.include_router(router)
    app.middleware("http")(_harmless)
    app.exception_handler(HTTPException)(_refused)
    app.exception_handler(TurnupError)(_failed)
    return app


async def _harmless(request: Request, go_on: Callable[[Request], Awaitable[Response]]) -> Response:
    response = await go_on(request)
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response


async def _refused(request: Request, error: HTTPException) -> Response:
    answer = _answer(request, error.status_code, str(error.detail))
    answer.headers.update(error.headers or {})
    return answer


async def _failed(request: Request, error: TurnupError) -> Response:
    return _answer(request, 503 if isinstance(error, Transient) else 409, str(error))


def _answer(request: Request, status: int, text: str) -> Response:
    """JSON for programs; a page for people, which leads to the login where that is what is missing."""
    if not access.reads_pages(request):
        return JSONResponse({"detail": text}, status)
    login = access.login_url(request) if status == 401 else ""
    return HTMLResponse(render("error.html.j2", title=TITLES.get(status, "This did not work"), text=text, login=login), status)
