"""Instructions: what each statement of a Dockerfile asks for, as types (Dockerfile reference).

``expanded`` replaces variables where the instruction has them replaced; all else is taken as it
stands.
"""

from collections.abc import Callable

import msgspec

from dockerlab.engine.oci import HealthConfig

Expand = Callable[[str], str]
"""Replaces the variables in one word."""


class Instruction(msgspec.Struct, frozen=True, kw_only=True):
    """One step; ``source`` is the line that it stood in."""

    source: str

    def expanded(self, expand: Expand) -> "Instruction":
        """The same with its variables replaced; raises InvalidParameter where they cannot be."""
        del expand
        return self


class Pair(msgspec.Struct, frozen=True):
    """``key=value``; None is a key alone."""

    key: str
    value: str | None

    def expanded(self, expand: Expand) -> "Pair":
        """Both with their variables replaced."""
        return Pair(expand(self.key), None if self.value is None else expand(self.value))

    def __str__(self) -> str:
        return self.key if self.value is None else f"{self.key}={self.value}"


class From(Instruction, frozen=True, kw_only=True):
    """``FROM``: a stage begins."""

    base: str
    name: str = ""
    platform: str = ""


class Arg(Instruction, frozen=True, kw_only=True):
    """``ARG``: a variable that the builder may be given."""

    pairs: tuple[Pair, ...]

    def expanded(self, expand: Expand) -> "Arg":
        """See ``Instruction.expanded``."""
        return Arg(source=self.source, pairs=tuple(pair.expanded(expand) for pair in self.pairs))


class Env(Instruction, frozen=True, kw_only=True):
    """``ENV``: variables of the image."""

    pairs: tuple[Pair, ...]

    def expanded(self, expand: Expand) -> "Env":
        """See ``Instruction.expanded``."""
        return Env(source=self.source, pairs=tuple(pair.expanded(expand) for pair in self.pairs))


class Label(Instruction, frozen=True, kw_only=True):
    """``LABEL``. Those of ``--label`` are ``literal``: nothing in them is replaced."""

    pairs: tuple[Pair, ...]
    literal: bool = False

    def expanded(self, expand: Expand) -> "Label":
        """See ``Instruction.expanded``."""
        if self.literal:
            return self
        return Label(source=self.source, pairs=tuple(pair.expanded(expand) for pair in self.pairs))


class Copy(Instruction, frozen=True, kw_only=True):
    """``COPY``, or with ``add`` ``ADD``: files from the context, a stage, an image, an address."""

    sources: tuple[str, ...]
    destination: str
    add: bool = False
    origin: str = ""
    chown: str = ""
    chmod: str = ""

    @property
    def command(self) -> str:
        """Its name."""
        return "ADD" if self.add else "COPY"

    def expanded(self, expand: Expand) -> "Copy":
        """See ``Instruction.expanded``; where the files come from is taken as it stands."""
        return msgspec.structs.replace(
            self,
            chown=expand(self.chown),
            chmod=expand(self.chmod),
            sources=tuple(map(expand, self.sources)),
            destination=expand(self.destination),
        )


class Command(Instruction, frozen=True, kw_only=True):
    """A command line; ``shell`` says that it is for the shell, not for the kernel."""

    words: tuple[str, ...]
    shell: bool


class Run(Command, frozen=True, kw_only=True):
    """``RUN``; the classic builder knows none of its flags."""

    flags: tuple[str, ...] = ()


class Cmd(Command, frozen=True, kw_only=True):
    """``CMD``: what a container runs if nothing else is said."""


class Entrypoint(Command, frozen=True, kw_only=True):
    """``ENTRYPOINT``: what a container runs in any case."""


class Healthcheck(Instruction, frozen=True, kw_only=True):
    """``HEALTHCHECK``."""

    health: HealthConfig


class Text(Instruction, frozen=True, kw_only=True):
    """An instruction whose argument is one text."""

    text: str


class Maintainer(Text, frozen=True, kw_only=True):
    """``MAINTAINER``: the author."""


class OnBuild(Text, frozen=True, kw_only=True):
    """``ONBUILD``: an instruction for builds on top of this one."""


class _ExpandedText(Text, frozen=True, kw_only=True):
    def expanded(self, expand: Expand) -> "Instruction":
        """See ``Instruction.expanded``."""
        return msgspec.structs.replace(self, text=expand(self.text))


class Workdir(_ExpandedText, frozen=True, kw_only=True):
    """``WORKDIR``: the directory where commands run, made if it is not there."""


class User(_ExpandedText, frozen=True, kw_only=True):
    """``USER``: who runs commands from here on."""


class StopSignal(_ExpandedText, frozen=True, kw_only=True):
    """``STOPSIGNAL``: what ``docker stop`` sends."""


class Expose(Instruction, frozen=True, kw_only=True):
    """``EXPOSE``. One of its words may become several ports: the builder replaces variables."""

    ports: tuple[str, ...]


class Volume(Instruction, frozen=True, kw_only=True):
    """``VOLUME``: directories whose content is no part of the image."""

    paths: tuple[str, ...]

    def expanded(self, expand: Expand) -> "Volume":
        """See ``Instruction.expanded``."""
        return Volume(source=self.source, paths=tuple(map(expand, self.paths)))


class Shell(Instruction, frozen=True, kw_only=True):
    """``SHELL``: what command lines are given to."""

    words: tuple[str, ...]
