"""Which line of `docker history` made which layer.

The Engine API lists an image's history newest first and gives each line a size, but, unlike the
image's configuration, not whether the line made a layer at all (`empty_layer`, OCI image
specification, config.md). A line with bytes did. Among the lines with none, those of instructions
that only set metadata did not, unless there are layers left that nothing else can have made.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_SHELL = re.compile(r"^(?:RUN )?(?:\|\d+ .*?)?/bin/sh -c (?:#\(nop\)\s+)?")
_METADATA = re.compile(
    r"^(CMD|ENTRYPOINT|ENV|EXPOSE|HEALTHCHECK|LABEL|MAINTAINER|ONBUILD|SHELL|STOPSIGNAL|USER|VOLUME|ARG)\b"
)


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One line of `docker history`: the command and the bytes that it added."""

    created_by: str
    size: int

    @property
    def command(self) -> str:
        """The command without the wrapping that builders put around it.

        >>> HistoryLine('/bin/sh -c #(nop)  CMD ["/hello"]', 0).command
        'CMD ["/hello"]'
        >>> HistoryLine("RUN /bin/sh -c apk add bash # buildkit", 0).command
        'RUN apk add bash'
        """
        text = self.created_by.removesuffix("# buildkit").strip()
        found = _SHELL.match(text)
        if not found:
            return text
        rest = text[found.end() :].strip()
        return rest if "#(nop)" in found.group() else f"RUN {rest}"


def match_layers(lines: Sequence[HistoryLine], count: int) -> tuple[HistoryLine | None, ...]:
    """Return, for each of an image's `count` layers from the bottom, the line that made it.

    `lines` run from the oldest to the newest. None stands for a layer that no line accounts for:
    a squashed image, or one whose history was not kept.
    """
    made = [line.size > 0 for line in lines]
    for with_metadata in (False, True):
        for index, line in enumerate(lines):
            may_be = with_metadata or not _METADATA.match(line.command)
            if sum(made) < count and may_be:
                made[index] = True
    chosen: list[HistoryLine | None] = [
        line for line, is_made in zip(lines, made, strict=True) if is_made
    ]
    if len(chosen) > count:  # history and layers contradict each other: claim nothing
        return (None,) * count
    return tuple(chosen) + (None,) * (count - len(chosen))
