import pytest

from dockerlab.engine.dockerfile.configuration import comment, configure, with_ports
from dockerlab.engine.dockerfile.instructions import (
    Copy,
    Expose,
    From,
    Instruction,
    OnBuild,
    Run,
)
from dockerlab.engine.dockerfile.parser import parse
from dockerlab.engine.dockerfile.reading import read
from dockerlab.engine.dockerfile.stages import plan
from dockerlab.engine.errors import InvalidParameter
from dockerlab.engine.oci import RunConfig


def one(line: str) -> Instruction:
    return read(parse(line.encode()).statements[0])


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("NOSUCH x", "unknown instruction: NOSUCH"),
        ("RUNN x", "unknown instruction: RUNN (did you mean RUN?)"),
        ("cpoy a b", "unknown instruction: cpoy (did you mean copy?)"),
        ("FROM a b", "FROM requires either one or three arguments"),
        (
            "FROM a AS 1b",
            'invalid name for build stage: "1b", '
            "name can't start with a number or contain symbols",
        ),
        (
            "COPY a",
            "COPY requires at least two arguments, but only one was provided. "
            "Destination could not be determined",
        ),
        ("COPY --form=x a b", "unknown flag: --form (did you mean from?)"),
        ("COPY --from a b", "missing a value on flag: --from"),
        ("COPY --from=a --from=b a b", "duplicate flag specified: --from"),
        ("COPY --link=maybe a b", "expecting boolean value for flag --link, not: maybe"),
        ("ENV =x", "ENV names can not be blank"),
        ("ARG =x", "ARG names can not be blank"),
        ("ARG", "ARG requires at least one argument"),
        ("USER", "USER requires exactly one argument"),
        ("EXPOSE", "EXPOSE requires at least one argument"),
        ('VOLUME ["a", " "]', "VOLUME specified can not be an empty string"),
        ("SHELL sh -c", "SHELL requires the arguments to be in JSON form"),
        ("ONBUILD ONBUILD RUN x", "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed"),
        ("ONBUILD from x", "FROM isn't allowed as an ONBUILD trigger"),
        ("HEALTHCHECK NONE x", "HEALTHCHECK NONE takes no arguments"),
        ("HEALTHCHECK FOO", 'Unknown type "FOO" in HEALTHCHECK (try CMD)'),
        ("HEALTHCHECK CMD", "Missing command after HEALTHCHECK CMD"),
        ("HEALTHCHECK --interval=1us CMD x", 'Interval "interval" cannot be less than 1ms'),
        ("HEALTHCHECK --retries=-1 CMD x", "--retries cannot be negative (-1)"),
        ("HEALTHCHECK --retries=x CMD x", 'strconv.ParseInt: parsing "x": invalid syntax'),
        ("COPY a <<EOF\nEOF", "COPY cannot accept a heredoc as a destination"),
    ],
)
def test_what_does_not_fit_is_refused_in_dockers_words(line: str, sentence: str) -> None:
    with pytest.raises(InvalidParameter) as refused:
        one(line)
    assert str(refused.value) == sentence


def test_copy() -> None:
    assert one("ADD --chown=a:b x y/ z") == Copy(
        source="ADD --chown=a:b x y/ z",
        sources=("x", "y/"),
        destination="z",
        add=True,
        chown="a:b",
    )
    heredoc = one("COPY <<EOF b /c\ntext\nEOF\n")
    assert isinstance(heredoc, Copy)
    assert heredoc.sources == ("b",)


def test_run_keeps_its_flags() -> None:
    step = one("RUN --mount=type=cache,target=/x --network=none true")
    assert isinstance(step, Run)
    assert step.flags == ("mount", "network")


def test_onbuild_keeps_the_instruction_as_written() -> None:
    step = one("onbuild  RUN a  b")
    assert isinstance(step, OnBuild)
    assert step.text == "RUN a  b"


def test_variables_are_replaced_where_docker_replaces_them() -> None:
    def upper(word: str) -> str:
        return word.upper()

    copy = one("COPY --from=a --chown=b c d").expanded(upper)
    assert isinstance(copy, Copy)
    assert (copy.origin, copy.chown, copy.sources, copy.destination) == ("a", "B", ("C",), "D")
    assert one("RUN a").expanded(upper) == one("RUN a")
    assert one("CMD a").expanded(upper) == one("CMD a")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("ENV a=b c=d", "ENV a=b c=d"),
        ("LABEL a=b", "LABEL a=b"),
        ("ARG a b=c", "ARG a b=c"),
        ('CMD ["a", "b c"]', 'CMD ["a" "b c"]'),
        ("CMD a b", 'CMD ["/bin/sh" "-c" "a b"]'),
        ('ENTRYPOINT ["a"]', 'ENTRYPOINT ["a"]'),
        ("ENTRYPOINT []", "ENTRYPOINT []"),
        ("EXPOSE 80 443", "EXPOSE 443 80"),
        ("VOLUME /a /b", "VOLUME [/a /b]"),
        ('SHELL ["a", "b"]', "SHELL [a b]"),
        ("WORKDIR a/../b", "WORKDIR /b"),
        ("USER a", "USER a"),
        ("STOPSIGNAL 9", "STOPSIGNAL 9"),
        ("ONBUILD RUN x", "ONBUILD RUN x"),
        ("MAINTAINER me", "MAINTAINER me"),
        (
            "HEALTHCHECK --interval=90s --timeout=1500us CMD x",
            "HEALTHCHECK &{[CMD-SHELL x] 1m30s 1.5ms 0s 0s 0}",
        ),
        ("RUN x", ""),
    ],
)
def test_what_history_says(line: str, said: str) -> None:
    step = one(line)
    assert comment(step, configure(RunConfig(), step)) == said


def test_a_variable_keeps_its_place() -> None:
    config = RunConfig(env=("a=1", "b=2"))
    assert configure(config, one("ENV c=3 a=4")).env == ("a=4", "b=2", "c=3")


def test_an_entry_point_takes_an_inherited_command_away() -> None:
    config = RunConfig(cmd=("x",))
    step = one('ENTRYPOINT ["y"]')
    assert configure(config, step, keep_command=False).cmd is None
    assert configure(config, step).cmd == ("x",)


def test_one_word_may_be_several_ports() -> None:
    step = one("EXPOSE $P 53/UDP 8080:90")
    assert isinstance(step, Expose)
    made = with_ports(step, {"P": "80 443-444"}, "\\")
    ports = configure(RunConfig(), made).exposed_ports or {}
    assert sorted(ports) == ["443/tcp", "444/tcp", "53/udp", "80/tcp", "90/tcp"]


@pytest.mark.parametrize(
    ("port", "sentence"),
    [
        ("99999", "Invalid containerPort: 99999"),
        ("80-70", "Invalid containerPort: 80-70"),
        ("80/foo", "Invalid proto: foo"),
        ("/tcp", "No port specified: /tcp<empty>"),
    ],
)
def test_what_is_no_port(port: str, sentence: str) -> None:
    with pytest.raises(InvalidParameter) as refused:
        configure(RunConfig(), one(f"EXPOSE {port}"))
    assert str(refused.value) == sentence


def test_stages() -> None:
    made = plan(parse(b"ARG v\nFROM a:$v AS Base\nRUN x\nFROM base\nCOPY --from=0 y z\n"))
    assert [str(each.pairs[0]) for each in made.arguments] == ["v"]
    assert [(stage.begin.base, stage.begin.name) for stage in made.stages] == [
        ("a:$v", "base"),
        ("base", ""),
    ]
    assert len(made.until("BASE").stages) == 1
    with pytest.raises(InvalidParameter, match='target stage "x" could not be found'):
        made.until("x")
    assert isinstance(made.stages[0].begin, From)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (b"RUN x\n", "no build stage in current context"),
        (b"FROM a\nNOSUCH\n", "dockerfile parse error on line 2: unknown instruction: NOSUCH"),
    ],
)
def test_plans_that_cannot_be_made(text: bytes, sentence: str) -> None:
    with pytest.raises(InvalidParameter) as refused:
        plan(parse(text))
    assert str(refused.value) == sentence
