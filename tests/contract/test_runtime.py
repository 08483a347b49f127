"""Each runtime keeps the contract, with all the rights that an engine may have or lack."""

from pathlib import Path

import pytest

from tests.contract.isolated import run_isolated
from tests.engines.programs import need


@pytest.mark.parametrize("rights", ["root", "user", "user-with-subuids"])
@pytest.mark.parametrize("program", ["crun", "runc"])
def test_runtimes(rights: str, program: str) -> None:
    need(program, package=program)
    suite = Path(__file__).with_name("runtime_suite.py")
    run_isolated(suite, rights, select=program)


@pytest.mark.parametrize("rights", ["root", "user", "no-namespace"])
def test_proot(rights: str) -> None:
    need("proot", package="proot")
    run_isolated(Path(__file__).with_name("runtime_suite.py"), rights, select="proot")
