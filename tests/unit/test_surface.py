"""What `import dockerlab` offers, and what it costs."""

import statistics
import subprocess
import sys
import time

import pytest

import dockerlab


@pytest.mark.parametrize("name", dockerlab.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(dockerlab, name) is not None
    assert name in dir(dockerlab)


def test_every_lazy_name_is_public() -> None:
    assert set(dockerlab._HOMES) | {"__version__"} == set(dockerlab.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'conect'"):
        dockerlab.conect  # noqa: B018


def test_import_costs_less_than_a_third_of_a_second() -> None:
    assert statistics.median(_seconds("import dockerlab") for _ in range(3)) < 0.3


def test_import_takes_nothing_heavy_along() -> None:
    program = "import sys, dockerlab; print(*sys.modules)"
    modules = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"docker", "IPython", "aiohttp", "graphviz", "requests"} & set(modules)


def _seconds(program: str) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", program], check=True)
    return time.perf_counter() - start
