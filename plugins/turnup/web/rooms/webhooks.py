"""`/turnup/webhooks/netbox`: where NetBox says that a status was set. Without a login: who may is known by the signature."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from turnup.web.desk import AtDesk

ROUTER = APIRouter(prefix="/webhooks")


@ROUTER.post("/netbox")
async def netbox(request: Request, desk: AtDesk) -> Response:
    """202 with the run; 200 with why nothing is done; 401, 413 and 422 for what is not taken; 503 for what may be sent again."""
    answer = await desk.take(request.headers, request.stream(), request.client.host if request.client else "nowhere")
    return JSONResponse(answer.content, answer.status)
