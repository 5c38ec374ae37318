"""`/turnup/metrics`: what turnup tells Prometheus, which has no login of Airflow's but a token of its own."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from turnup.web.eyes.here import Opened, Valid

ROUTER = APIRouter()
SCHEME = "bearer"


@ROUTER.get("/metrics")
def metrics(request: Request, eyes: Opened, valid: Valid) -> Response:
    """Everything that is known, at once; 401 without a valid `Authorization: Bearer <token>`."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != SCHEME or not valid.know(given.strip()):
        return JSONResponse({"detail": "The scrape token is missing or wrong."}, 401, {"WWW-Authenticate": "Bearer"})
    return Response(eyes.text(), media_type=CONTENT_TYPE_PLAIN_0_0_4)
