"""A whole Dockerfile: what comes before the first ``FROM``, and the stages that follow."""

import msgspec

from dockerlab.engine.dockerfile.instructions import Arg, From, Instruction
from dockerlab.engine.dockerfile.parser import Dockerfile
from dockerlab.engine.dockerfile.reading import read
from dockerlab.engine.errors import InvalidParameter


class Stage(msgspec.Struct, frozen=True):
    """One ``FROM`` and what builds on it."""

    begin: From
    steps: tuple[Instruction, ...]


class Plan(msgspec.Struct, frozen=True):
    """What is to be built: ``arguments`` are those for ``FROM`` itself."""

    arguments: tuple[Arg, ...]
    stages: tuple[Stage, ...]

    def until(self, target: str) -> "Plan":
        """The plan up to a stage.

        Raises:
            InvalidParameter: there is no such stage.

        """
        for number, stage in enumerate(self.stages):
            if stage.begin.name == target.lower():
                return Plan(self.arguments, self.stages[: number + 1])
        raise InvalidParameter(f'target stage "{target}" could not be found')

    def with_steps(self, steps: tuple[Instruction, ...]) -> "Plan":
        """The plan with more steps at the end of its last stage."""
        *before, last = self.stages
        return Plan(self.arguments, (*before, Stage(last.begin, (*last.steps, *steps))))


def plan(dockerfile: Dockerfile) -> Plan:
    """The stages of a Dockerfile.

    Raises:
        InvalidParameter: an instruction is not known or malformed, or stands before any ``FROM``.

    """
    arguments: list[Arg] = []
    stages: list[tuple[From, list[Instruction]]] = []
    for statement in dockerfile.statements:
        try:
            instruction = read(statement)
        except InvalidParameter as error:
            raise InvalidParameter(
                f"dockerfile parse error on line {statement.line}: {error}"
            ) from None
        if isinstance(instruction, From):
            stages.append((instruction, []))
        elif stages:
            stages[-1][1].append(instruction)
        elif isinstance(instruction, Arg):
            arguments.append(instruction)
        else:
            raise InvalidParameter("no build stage in current context")
    return Plan(tuple(arguments), tuple(Stage(begin, tuple(steps)) for begin, steps in stages))
