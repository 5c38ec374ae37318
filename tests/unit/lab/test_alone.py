"""What `./lab/test` runs while the lab starts asks nothing of the lab."""

from __future__ import annotations

import pytest

from lab import paths
from lab.commands.test import ALONE


@pytest.mark.parametrize("file", ALONE)
def test_a_contract_that_runs_alone_has_no_endpoint_of_the_lab(file: str) -> None:
    assert "endpoints" not in (paths.CHECKOUT / file).read_text()
