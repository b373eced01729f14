"""What the walks through the whole product share."""

from __future__ import annotations

import pytest

from tests.stack import Stack


@pytest.fixture(params=["embedded_stack", "services_stack"])
def stack(request: pytest.FixtureRequest) -> Stack:
    """Both ways to run the product; with `--services` the one that is left."""
    if request.param == "embedded_stack" and request.config.getoption("--services"):
        pytest.skip("the services are the other one")
    found: Stack = request.getfixturevalue(request.param)
    return found
