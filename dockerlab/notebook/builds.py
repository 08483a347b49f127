"""Build a Dockerfile twice, and say what it costs; several of them in one table and one chart.

start = dockerlab.measure_build("lab07-start", "lab07/site", touch="pages/index.txt")
dockerlab.compare_builds(start, better)
dockerlab.show_builds(start, better)
"""

from __future__ import annotations

import subprocess
import time
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from dockerlab.errors import LessonProblem
from dockerlab.graph import Drawing, draw_builds
from dockerlab.graph.builds import headings
from dockerlab.layers import BuildMeasure, analyze_image, read_image
from dockerlab.notebook.lesson import learner_client, learner_labels

if TYPE_CHECKING:
    import docker

NAME_WIDTH = 16
FIGURE_WIDTH = 11


@dataclass(frozen=True)
class BuildTable:
    """Several builds, one a line; shows itself as a table."""

    measures: tuple[BuildMeasure, ...]

    def __str__(self) -> str:
        lines = [headings(), *((each.name, *each.figures()) for each in self.measures)]
        return "\n".join(_aligned(line) for line in lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        head = "".join(f'<th scope="col">{escape(word)}</th>' for word in headings())
        body = "".join(_html_row(each) for each in self.measures)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def measure_build(
    tag: str, folder: str | Path, *, touch: str, client: docker.DockerClient | None = None
) -> BuildMeasure:
    """Build `folder` as the image `tag`; change the file `touch` in it; build again, by the clock.

    The first build fills the cache, so the second says what a small change costs. It is the real
    `docker build`, with whichever builder it has. `touch` gets one more line.

    Raises:
        LessonProblem: a build failed; the last lines of what it said are in the sentence.

    """
    engine = client or learner_client()
    _build(tag, folder)
    with (Path(folder) / touch).open("a") as file:
        file.write("One more line.\n")
    began = time.perf_counter()
    _build(tag, folder)
    seconds = time.perf_counter() - began
    image = read_image(engine, tag)
    wasted = analyze_image(engine, tag).efficiency.wasted_bytes
    return BuildMeasure(tag, image.size, len(image.layers), wasted, seconds)


def compare_builds(*measures: BuildMeasure) -> BuildTable:
    """Return what the builds cost as a table."""
    return BuildTable(measures)


def show_builds(*measures: BuildMeasure) -> Drawing:
    """Draw what the builds cost, each figure as a bar."""
    return draw_builds(measures)


def _build(tag: str, folder: str | Path) -> None:
    labels = [f"--label={key}={value}" for key, value in learner_labels().items()]
    words = ["docker", "build", "--quiet", "--tag", tag, *labels, str(folder)]
    ran = subprocess.run(words, capture_output=True, text=True, check=False)
    if ran.returncode:
        said = "\n".join((ran.stdout + ran.stderr).strip().splitlines()[-5:])
        raise LessonProblem("builds.failed", name=tag, said=said)


def _aligned(words: tuple[str, ...]) -> str:
    name, *figures = words
    return (name.ljust(NAME_WIDTH) + "".join(word.ljust(FIGURE_WIDTH) for word in figures)).rstrip()


def _html_row(each: BuildMeasure) -> str:
    cells = "".join(f"<td>{escape(figure)}</td>" for figure in each.figures())
    return f'<tr><th scope="row">{escape(each.name)}</th>{cells}</tr>'
