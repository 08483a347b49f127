"""Stages: the state of the one being built, and those that are done."""

import msgspec

from dockerlab.engine.builder.variables import Arguments
from dockerlab.engine.containers.config import ContainerConfig
from dockerlab.engine.errors import SystemFailure
from dockerlab.engine.metadata.images import Image
from dockerlab.engine.oci import RunConfig

PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


_DIGITS = 10
"""More than the number of any stage has; Python reads no more than some thousands of them."""


class Stage:
    """A stage: its image so far, and the configuration that the next step starts from."""

    def __init__(
        self, name: str, image: Image | None, config: RunConfig | None, arguments: Arguments
    ) -> None:
        self.name = name
        self.image = image
        self.arguments = arguments
        self.author = ""
        self.command_set = False
        """Whether this stage said ``CMD``: then ``ENTRYPOINT`` does not take it away."""
        inherited = msgspec.structs.asdict(config) if config else {}
        self.config = ContainerConfig(**inherited, image=image.image_id if image else "")
        if not any(entry.startswith("PATH=") for entry in self.config.env or ()):
            env = (*(self.config.env or ()), PATH)
            self.config = msgspec.structs.replace(self.config, env=env)

    @property
    def short_id(self) -> str:
        """The image's ID as it is shown after a step; nothing for a stage from scratch."""
        return self.image.image_id.removeprefix("sha256:")[:12] if self.image else ""

    def take(self, image: Image) -> None:
        """The next step builds on ``image``."""
        self.image = image
        self.config = msgspec.structs.replace(self.config, image=image.image_id)

    def given(self) -> dict[str, str]:
        """Build arguments that the image's own variables do not hide."""
        own = {entry.partition("=")[0] for entry in self.config.env or ()}
        return {k: v for k, v in self.arguments.values().items() if k not in own}

    def variables(self) -> dict[str, str]:
        """What words of the next step may refer to."""
        own = dict(entry.partition("=")[::2] for entry in self.config.env or ())
        return own | self.given()


class Stages:
    """The stages that are done, by name and number."""

    def __init__(self) -> None:
        self._all: list[Stage] = []

    def add(self, stage: Stage) -> None:
        """A stage is done."""
        self._all.append(stage)

    def check_free(self, name: str) -> None:
        """Raise SystemFailure where another stage has the name."""
        if name and self.named(name):
            raise SystemFailure(f"{name} stage name already used")

    def named(self, name: str) -> Stage | None:
        """The stage of that name, upper or lower case."""
        wanted = name.lower()
        return next((stage for stage in self._all if wanted and stage.name == wanted), None)

    def find(self, name: str) -> Stage | None:
        """The stage of that name or number; raises SystemFailure for a number that is none."""
        found = self.named(name)
        if found is not None or not name.removeprefix("-").isdecimal():
            return found
        number = int(name) if len(name) < _DIGITS else -1
        if number == len(self._all):
            raise SystemFailure("refers to current build stage")
        if not 0 <= number < len(self._all):
            raise SystemFailure("index out of bounds")
        return self._all[number]
