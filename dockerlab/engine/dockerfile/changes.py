"""Instructions that change a configuration alone: ``--change`` of import and commit."""

from collections.abc import Sequence
from typing import TypeVar

from dockerlab.engine.dockerfile.configuration import configure, with_ports
from dockerlab.engine.dockerfile.instructions import Cmd, Expose, Instruction
from dockerlab.engine.dockerfile.parser import parse
from dockerlab.engine.dockerfile.reading import read
from dockerlab.engine.dockerfile.words import Lexer
from dockerlab.engine.errors import InvalidParameter
from dockerlab.engine.oci import RunConfig

Config = TypeVar("Config", bound=RunConfig)

ALLOWED = frozenset(
    {
        "cmd", "entrypoint", "env", "expose", "healthcheck", "label", "onbuild", "stopsignal",
        "user", "volume", "workdir",
    }
)  # fmt: skip


def apply_changes(config: Config, changes: Sequence[str]) -> Config:
    """The configuration after instructions, each a line of a Dockerfile.

    Raises:
        InvalidParameter: an instruction is malformed, or changes more than a configuration.

    >>> changed = apply_changes(RunConfig(), ["ENV a=1 b='2 3'", 'CMD ["sh"]', "EXPOSE 80"])
    >>> changed.env, changed.cmd, changed.exposed_ports
    (('a=1', 'b=2 3'), ('sh',), {'80/tcp': {}})

    """
    if not changes:
        return config
    dockerfile = parse("\n".join(changes).encode("utf-8", "surrogateescape"))
    steps: list[Instruction] = []
    for statement in dockerfile.statements:
        if statement.name.lower() not in ALLOWED:
            raise InvalidParameter(f"{statement.name} is not a valid change command")
        steps.append(read(statement))
    lexer = Lexer(dockerfile.escape)
    command_set = False
    for step in steps:
        variables = dict(entry.partition("=")[::2] for entry in config.env or ())
        if isinstance(step, Expose):
            expanded: Instruction = with_ports(step, variables, dockerfile.escape)
        else:
            expanded = step.expanded(lambda word, known=variables: lexer.word(word, known))  # type: ignore[misc]
        config = configure(config, expanded, keep_command=command_set)
        command_set = command_set or (isinstance(step, Cmd) and bool(step.words))
    return config
