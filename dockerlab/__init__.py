"""Learn Docker images by running them.

    import dockerlab
    client = dockerlab.connect()        # a docker.DockerClient of an engine that answers

Names are imported when they are first used, so that `import dockerlab` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dockerlab.errors import ConnectionProblem, DockerlabError
    from dockerlab.layers import (
        analyze_image,
        full_name,
        human_size,
        read_image,
        read_images,
        share,
    )
    from dockerlab.notebook.builds import compare_builds, measure_build, show_builds
    from dockerlab.notebook.cleanup import CleanUp, cleanup
    from dockerlab.notebook.connect import connect
    from dockerlab.notebook.following import what_happened
    from dockerlab.notebook.lesson import Lesson, current_lesson, end_lesson, start_lesson
    from dockerlab.notebook.pictures import show_containers, show_layers
    from dockerlab.notebook.trace import Watch, watch
    from dockerlab.notebook.widgets import build, explore, inspect, pull, terminal
    from dockerlab.standins.ensure import ensure_images

__version__ = "0.1.0"

_HOMES = {
    "CleanUp": "dockerlab.notebook.cleanup",
    "ConnectionProblem": "dockerlab.errors",
    "DockerlabError": "dockerlab.errors",
    "Lesson": "dockerlab.notebook.lesson",
    "analyze_image": "dockerlab.layers",
    "cleanup": "dockerlab.notebook.cleanup",
    "compare_builds": "dockerlab.notebook.builds",
    "connect": "dockerlab.notebook.connect",
    "current_lesson": "dockerlab.notebook.lesson",
    "end_lesson": "dockerlab.notebook.lesson",
    "ensure_images": "dockerlab.standins.ensure",
    "full_name": "dockerlab.layers",
    "build": "dockerlab.notebook.widgets",
    "explore": "dockerlab.notebook.widgets",
    "pull": "dockerlab.notebook.widgets",
    "inspect": "dockerlab.notebook.widgets",
    "read_image": "dockerlab.layers",
    "read_images": "dockerlab.layers",
    "human_size": "dockerlab.layers",
    "share": "dockerlab.layers",
    "measure_build": "dockerlab.notebook.builds",
    "show_builds": "dockerlab.notebook.builds",
    "show_containers": "dockerlab.notebook.pictures",
    "show_layers": "dockerlab.notebook.pictures",
    "start_lesson": "dockerlab.notebook.lesson",
    "terminal": "dockerlab.notebook.widgets",
    "Watch": "dockerlab.notebook.trace",
    "watch": "dockerlab.notebook.trace",
    "what_happened": "dockerlab.notebook.following",
}

__all__ = [
    "CleanUp",
    "ConnectionProblem",
    "DockerlabError",
    "Lesson",
    "Watch",
    "__version__",
    "analyze_image",
    "build",
    "cleanup",
    "compare_builds",
    "connect",
    "current_lesson",
    "end_lesson",
    "ensure_images",
    "explore",
    "full_name",
    "human_size",
    "inspect",
    "measure_build",
    "pull",
    "read_image",
    "read_images",
    "share",
    "show_builds",
    "show_containers",
    "show_layers",
    "start_lesson",
    "terminal",
    "watch",
    "what_happened",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
