"""Which history line made which layer, where the API does not say."""

import pytest

from dockerlab.layers.history import HistoryLine, match_layers

FROM = HistoryLine("/bin/sh -c #(nop) ADD file:1 in / ", 100)
ENV = HistoryLine("/bin/sh -c #(nop)  ENV A=b", 0)
WORKDIR = HistoryLine("WORKDIR /srv", 0)
RUN = HistoryLine("RUN /bin/sh -c touch /x # buildkit", 0)
CMD = HistoryLine('CMD ["sh"]', 0)


@pytest.mark.parametrize(
    ("lines", "count", "made"),
    [
        ((FROM, CMD), 1, (FROM,)),
        ((FROM, ENV, WORKDIR, CMD), 2, (FROM, WORKDIR)),
        ((FROM, WORKDIR, RUN, CMD), 3, (FROM, WORKDIR, RUN)),
        ((FROM, ENV), 2, (FROM, ENV)),  # something must have made the second layer
        ((), 2, (None, None)),  # history was not kept
        ((FROM, FROM), 1, (None,)),  # history and layers contradict each other
        ((), 0, ()),
    ],
)
def test_lines_find_their_layers(
    lines: tuple[HistoryLine, ...], count: int, made: tuple[HistoryLine | None, ...]
) -> None:
    assert match_layers(lines, count) == made


@pytest.mark.parametrize(
    ("created_by", "command"),
    [
        ('/bin/sh -c #(nop)  CMD ["/hello"]', 'CMD ["/hello"]'),
        ("/bin/sh -c apt-get update", "RUN apt-get update"),
        ("RUN /bin/sh -c apk add bash # buildkit", "RUN apk add bash"),
        ("RUN |1 V=2 /bin/sh -c make # buildkit", "RUN make"),
        ("COPY hello / # buildkit", "COPY hello /"),
        ("", ""),
    ],
)
def test_a_command_is_shown_without_its_wrapping(created_by: str, command: str) -> None:
    assert HistoryLine(created_by, 0).command == command
