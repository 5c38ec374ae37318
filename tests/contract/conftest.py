"""Contract tests run over the fakes and over the lab's real services, which have to be up."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lab import paths


@pytest.fixture(scope="session")
def endpoints() -> dict[str, Any]:
    """`.lab/endpoints.json`: where the lab's services are."""
    if not paths.ENDPOINTS.exists():
        pytest.fail(f"The lab is not up: there is no {paths.ENDPOINTS}. Start it with ./lab/up, then run the tests again.")
    found: dict[str, Any] = json.loads(paths.ENDPOINTS.read_text())
    return found
