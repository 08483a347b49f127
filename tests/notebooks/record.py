"""Run the lessons on the reference engine and save their outputs into the notebooks.

    python -m tests.notebooks.record [NOTEBOOK …]

Needs root, as the reference engine does. What is saved is what `nbval` compares with later.
"""

import asyncio
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from nbclient import NotebookClient

from tests.engines.fixtures import fill
from tests.engines.reference import running_docker
from tests.engines.registry import running_registry
from tests.notebooks.lessons import (
    CELL_SECONDS,
    FIRST,
    LESSONS,
    copied,
    environment,
    lesson_id,
    read,
    write,
)

USUAL_SOCKET = Path("/var/run/docker.sock")
PICTURE = Path(__file__).parents[2] / "docs/pictures/hello-world.svg"
"""What the README shows: the first drawing of the first lesson, as it was recorded."""
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def main() -> None:
    """Record the named notebooks, or all of them."""
    wanted = [Path(name) for name in sys.argv[1:]] or LESSONS
    with tempfile.TemporaryDirectory(prefix="dockerlab-") as name:
        folder = Path(name)
        (folder / "registry").mkdir()
        (folder / "docker").mkdir()
        with running_registry(folder / "registry") as registry:
            fill(registry)
            with (
                running_docker(folder / "docker", mirror=registry.url) as engine,
                _at_usual_socket(engine.socket) as address,
            ):
                environ = environment(engine.environment, state=folder / "state")
                for path in wanted:
                    record(path, environ | address, folder=folder)
    PICTURE.write_text(first_picture(FIRST))


def first_picture(path: Path) -> str:
    """The first SVG among a notebook's saved outputs."""
    outputs = (output for cell in read(path).cells for output in cell.get("outputs", ()))
    return next(
        str(output.data["image/svg+xml"])
        for output in outputs
        if "image/svg+xml" in output.get("data", {})
    )


def record(path: Path, environ: Mapping[str, str], *, folder: Path) -> None:
    """Run one notebook in `folder`; save it with its outputs, without what only this run has."""
    notebook = read(path)
    runner = NotebookClient(
        notebook,
        timeout=CELL_SECONDS,
        kernel_name="python3",
        coalesce_streams=True,
        resources={"metadata": {"path": str(copied(path, folder).parent)}},
    )
    asyncio.run(runner.async_execute(env=dict(environ)))
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", ()):
            # A widget lives as long as its kernel; saved, it would hide its own still form.
            output.get("data", {}).pop(WIDGET_VIEW, None)
    notebook.metadata.pop("widgets", None)
    notebook.metadata.pop("language_info", None)
    write(notebook, path)
    sys.stdout.write(f"recorded {lesson_id(path)}\n")


@contextmanager
def _at_usual_socket(socket: Path) -> Iterator[dict[str, str]]:
    """Reach the engine where most readers have theirs, if nothing is there, for the time being.

    The saved card then shows an address that a reader recognises.
    """
    if USUAL_SOCKET.exists() or USUAL_SOCKET.is_symlink():
        yield {}
        return
    USUAL_SOCKET.symlink_to(socket)
    try:
        yield {"DOCKER_HOST": f"unix://{USUAL_SOCKET}"}
    finally:
        USUAL_SOCKET.unlink()


if __name__ == "__main__":
    main()
