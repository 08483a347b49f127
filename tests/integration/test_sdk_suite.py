"""The Docker SDK's own tests hold for the embedded engine, where a checkout of them is given.

``SDK_CHECKOUT=… make test`` runs them; ``python -m tests.sdk`` writes docs/sdk-suite.md.
"""

import os
from datetime import date
from pathlib import Path

import pytest

from tests.engines.programs import need_root
from tests.sdk import results
from tests.sdk.__main__ import measure
from tests.sdk.page import AIMS, judged, page, passed
from tests.sdk.reasons import UNEXPLAINED
from tests.sdk.results import Result
from tests.sdk.suite import Outcome, concerns_networks, outcomes

PAGE = Path(__file__).resolve().parents[2] / "docs/sdk-suite.md"
CHECKOUT = os.environ.get("SDK_CHECKOUT", "")
_DAY = date(2026, 1, 2)
LEFT_OUT = "the Docker SDK's own tests were left out: no checkout of docker/docker-py is given"
_REPORT = """<testsuites><testsuite>
<testcase classname="tests.integration.api_exec_test.ExecTest" name="test_a"/>
<testcase classname="tests.integration.api_exec_test.ExecTest" name="test_b">
  <failure message="one&#10;two"/><error message="and torn down"/></testcase>
<testcase classname="tests.integration.client_test" name="test_c"><skipped/></testcase>
</testsuite></testsuites>"""


@pytest.mark.skipif(not CHECKOUT, reason=f"{LEFT_OUT} (SDK_CHECKOUT=… make test)")
@pytest.mark.timeout(3600)
def test_as_many_pass_as_we_aim_at() -> None:
    need_root()
    found = {kind: measure(kind, Path(CHECKOUT)) for kind in ("docker", *AIMS)}
    names = judged(found["docker"], networks=False)
    short = {kind: passed(found, kind, names) for kind in AIMS}
    assert not {kind: count for kind, count in short.items() if count < AIMS[kind]}


def test_a_report_is_read_as_pytest_wrote_it(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text(_REPORT)
    assert dict(outcomes(report)) == {
        "api_exec_test::ExecTest::test_a": Outcome("passed"),
        "api_exec_test::ExecTest::test_b": Outcome("failed", "one two"),
        "client_test::test_c": Outcome("skipped"),
    }


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        ("api_network_test::TestNetworks::test_inspect_network", True),
        ("models_containers_test::ContainerTest::test_ports_target_list", True),
        ("api_container_test::LinkTest::test_remove_link", True),
        ("api_container_test::ArchiveTest::test_copy_file_to_container", False),
        ("api_image_test::ImportImageTest::test_import_from_file", False),
    ],
)
def test_what_concerns_networks(test: str, *, expected: bool) -> None:
    assert concerns_networks(test) == expected


def test_the_page_counts_what_passes_on_docker_and_explains_what_does_not(tmp_path: Path) -> None:
    names = ("a_test::test_a", "a_test::test_b", "a_test::test_network")
    for engine, said in (("docker", ("", "", "")), ("proot", ("", "no | idea", ""))):
        done = {
            name: Outcome("failed" if text else "passed", text)
            for name, text in zip(names, said, strict=True)
        }
        results.keep(engine, Result(_DAY, done), place=tmp_path)
    text = page(results.kept(place=tmp_path))
    assert "| `a_test` | 2 | 1 |" in text
    assert "| networks and ports | 1 | 1 |" in text
    assert f"| {UNEXPLAINED}: no \\| idea | `a_test test_b` |" in text


def test_the_page_that_is_published_explains_every_miss() -> None:
    assert UNEXPLAINED not in PAGE.read_text()
