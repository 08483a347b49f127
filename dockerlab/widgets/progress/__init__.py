"""A pull or a build as it goes: a bar for each layer, a line for each step."""

from dockerlab.widgets.progress.course import BuildCourse, Course, PullCourse
from dockerlab.widgets.progress.follow import build_image, pull_image
from dockerlab.widgets.progress.result import Built, Pulled
from dockerlab.widgets.progress.widget import Progress

__all__ = [
    "BuildCourse",
    "Built",
    "Course",
    "Progress",
    "PullCourse",
    "Pulled",
    "build_image",
    "pull_image",
]
