"""The lessons' notebooks, and how they are run."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import nbformat

ROOT = Path(__file__).parents[2]
SANITIZE = Path(__file__).with_name("sanitize.cfg")
SANITIZE_PACK = Path(__file__).with_name("sanitize-pack.cfg")
"""What differs besides where images come from a pack; put after the other, in one file."""
LESSONS = sorted((ROOT / "notebooks").glob("*/[0-9][0-9]-*.ipynb"))
ORIGINALS = [path for path in LESSONS if path.parent.name == "en"]
"""The lessons as they were written. Whatever their code does is tested with these."""
TRANSLATIONS = [path for path in LESSONS if path not in ORIGINALS]
"""The same code, with other words around it."""
TAUGHT = [path for path in LESSONS if not path.stem.startswith("00-")]
"""The lessons proper. `00-start-here` makes nothing, and has no pictures and few guesses."""
FIRST = ROOT / "notebooks/en/01-hello-world.ipynb"
"""The lesson that `make lab` opens, and whose drawing the README shows."""
CELL_SECONDS = 90
"""The most that one cell may take, on a slow machine that pulls."""


def lesson_id(path: Path) -> str:
    """How a test names a lesson: `en/01-hello-world`."""
    return f"{path.parent.name}/{path.stem}"


def copied(path: Path, folder: Path) -> Path:
    """A lesson's copy below `folder`: some lessons make files beside themselves.

    So two runs in one checkout are not in each other's way. The language is a folder's name.
    """
    place = folder / "notebooks" / path.parent.name
    place.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copy(path, place))


def environment(engine: Mapping[str, str], *, state: Path) -> dict[str, str]:
    """The environment of a learner on this engine, with a home for lesson records of its own."""
    python = str(Path(sys.executable).parent)
    return {
        **engine,
        # After the engine's, whose `docker` is the reference's: setting up may have put an older
        # one beside Python.
        "PATH": f"{engine['PATH']}:{python}",
        "PYTHONPATH": str(ROOT),
        "XDG_STATE_HOME": str(state),
        "LC_ALL": "C.UTF-8",  # `sort` puts signs before letters, whatever this machine is set to
        "IPYTHONDIR": str(state / "ipython"),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }


def strict_options(*, root: Path = ROOT, sanitize: Path = SANITIZE) -> list[str]:
    """Options of pytest: run a notebook with nbval and compare each output with the saved one."""
    options = ["-q", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", str(root)]
    options += ["--nbval", "--nbval-current-env", f"--nbval-sanitize-with={sanitize}"]
    options += [f"--nbval-cell-timeout={CELL_SECONDS}", "-p", "no:asyncio", "-p", "no:timeout"]
    return options


def run_strictly(path: Path, environ: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a notebook here, on the engine that the environment names, and compare its outputs."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", *strict_options(), str(path)],
        env=dict(environ),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def read(path: Path) -> nbformat.NotebookNode:
    """The notebook as nbformat 4."""
    notebook: nbformat.NotebookNode = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    return notebook


def write(notebook: nbformat.NotebookNode, path: Path) -> None:
    """Save the notebook."""
    nbformat.write(notebook, path)  # type: ignore[no-untyped-call]
