"""`/turnup/static/`: the pages' styles and scripts. Nothing of anybody's is in them, so they are given without a login."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, HTTPException, Response

ROUTER = APIRouter(prefix="/static")
FOLDER = Path(__file__).parents[1] / "static"
KINDS = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
AN_HOUR = "public, max-age=3600"


@ROUTER.get("/{name}")
def static(name: str) -> Response:
    """One file of the folder. Pages name them with their version (`?v=`), so that a browser asks anew after an upgrade."""
    found = {path.name: path for path in FOLDER.iterdir() if path.suffix in KINDS}.get(name)
    if found is None:
        raise HTTPException(404, "There is no such file.")
    return Response(found.read_bytes(), media_type=KINDS[found.suffix], headers={"Cache-Control": AN_HOUR})
