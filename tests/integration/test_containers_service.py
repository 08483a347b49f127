"""The containers' service, with all the rights that an engine may have."""

from pathlib import Path

import pytest

from tests.contract.isolated import run_isolated


@pytest.mark.timeout(400)  # one test here, a whole suite in there
@pytest.mark.parametrize("rights", ["root", "user", "user-with-subuids"])
def test_containers(rights: str) -> None:
    run_isolated(Path(__file__).with_name("containers_suite.py"), rights)
