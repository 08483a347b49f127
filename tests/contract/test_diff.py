"""What containers change is found, with all the rights that an engine may have or lack."""

from pathlib import Path

import pytest

from tests.contract.isolated import RIGHTS, run_isolated


@pytest.mark.parametrize("rights", RIGHTS)
def test_diff(rights: str) -> None:
    suite = Path(__file__).with_name("diff_suite.py")
    run_isolated(suite, rights, select="not overlay" if rights == "no-namespace" else "")
