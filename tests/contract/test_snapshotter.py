"""Each snapshotter keeps the contract, with all the rights that an engine may have or lack."""

from pathlib import Path

import pytest

from tests.contract.isolated import RIGHTS, run_isolated


@pytest.mark.parametrize("rights", RIGHTS)
def test_snapshotters(rights: str) -> None:
    suite = Path(__file__).with_name("snapshotter_suite.py")
    run_isolated(suite, rights, select="copy" if rights == "no-namespace" else "")
