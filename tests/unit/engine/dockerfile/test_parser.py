import pytest
from hypothesis import given
from hypothesis import strategies as st

from dockerlab.engine.dockerfile.parser import Heredoc, Statement, find_heredoc, parse
from dockerlab.engine.dockerfile.stages import plan
from dockerlab.engine.errors import InvalidParameter


def statements(text: str) -> tuple[Statement, ...]:
    return parse(text.encode()).statements


def test_comments_and_blank_lines_are_no_statements() -> None:
    found = statements("# first\n\n  # second\nFROM a\n   \nRUN b # not a comment\n")
    assert [(each.name, each.arguments, each.line) for each in found] == [
        ("FROM", ("a",), 4),
        ("RUN", ("b # not a comment",), 6),
    ]


def test_a_line_goes_on_after_a_comment_and_a_blank_one() -> None:
    dockerfile = parse(b"RUN a \\\n  # comment\n  && b \\\n\n  && c\nENV x=y\n")
    assert [each.original for each in dockerfile.statements] == ["RUN a   && b   && c", "ENV x=y"]
    assert dockerfile.warnings == ("Empty continuation line found in: RUN a   && b   && c",)


def test_the_last_line_may_promise_more_than_comes() -> None:
    assert statements("RUN a \\")[0].original == "RUN a "


@pytest.mark.parametrize(
    ("text", "escape", "line"),
    [
        ("# escape=`\nRUN a `\n b\\\n", "`", "RUN a  b\\"),
        ("#escape = \\\nRUN a\n", "\\", "RUN a"),
        ("# syntax=x\n# escape=`\nRUN a\n", "`", "RUN a"),
        ("# other=x\n# escape=`\nRUN a\n", "\\", "RUN a"),
        ("\n# escape=`\nRUN a\n", "\\", "RUN a"),
        ("RUN a\n# escape=`\n", "\\", "RUN a"),
    ],
)
def test_directives_count_at_the_very_start_only(text: str, escape: str, line: str) -> None:
    dockerfile = parse(text.encode())
    assert (dockerfile.escape, dockerfile.statements[0].original) == (escape, line)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "file with no instructions"),
        ("# nothing\n", "file with no instructions"),
        ("# escape=x\nRUN a\n", "invalid escape token 'x' does not match ` or \\"),
        ("# escape=`\n# escape=`\nRUN a\n", "only one escape parser directive can be used"),
        ("RUN <<EOF\na\n", "unterminated heredoc"),
        ("ENV a\n", "ENV must have two arguments"),
        (
            "ENV a=1 b\n",
            'Syntax error - can\'t find = in "b". Must be of the form: name=value',
        ),
        (
            'CMD ["a", 1]\n',
            "when using JSON array syntax, arrays must be comprised of strings only",
        ),
        ("RUN " + "x" * 65536, "dockerfile line greater than max allowed size of 65535"),
    ],
)
def test_what_is_malformed_is_refused_in_dockers_words(text: str, sentence: str) -> None:
    with pytest.raises(InvalidParameter) as refused:
        parse(text.encode())
    assert str(refused.value) == sentence


@pytest.mark.parametrize(
    ("line", "arguments", "json"),
    [
        ("RUN a  b", ("a  b",), False),
        ('RUN ["a", "b c"]', ("a", "b c"), True),
        ("RUN [a]", ("[a]",), False),
        ('RUN ["a",]', ('["a",]',), False),
        ("RUN []", (), True),
        ("RUN", (), False),
        ("COPY a  b\tc", ("a", "b", "c"), False),
        ('COPY ["a b", "c"]', ("a b", "c"), True),
        ("FROM a AS b", ("a", "AS", "b"), False),
        ('ENV a=1 b=\'x y\' c="q\\"q"', ("a", "1", "=", "b", "'x y'", "=", "c", '"q\\"q"', "="), 0),
        ("ENV a b  c", ("a", "b  c", ""), False),
        ("ARG a b=c", ("a", "b=c"), False),
        ("ARG a=' b'  c", ("a=' b'", "c"), False),
        ("HEALTHCHECK CMD a  b", ("CMD", "a  b"), False),
        ('HEALTHCHECK CMD ["a"]', ("CMD", "a"), True),
        ("ONBUILD RUN a b", ("RUN", "a b"), False),
        ('ONBUILD COPY ["a", "b"]', ("COPY", "a", "b"), True),
    ],
)
def test_each_instruction_splits_its_arguments_its_own_way(
    line: str, arguments: tuple[str, ...], json: bool
) -> None:
    statement = statements(line)[0]
    assert statement.arguments == arguments
    if not line.startswith("ONBUILD"):
        assert statement.json == bool(json)


def test_flags_are_no_arguments() -> None:
    statement = statements("COPY --from=a --chown='b c' \\\n --link x y")[0]
    assert statement.flags == ("--from=a", "--chown=b c", "--link")
    assert statement.arguments == ("x", "y")
    assert statements("RUN -- --x")[0].arguments == ("--x",)


def test_heredocs_are_kept_apart() -> None:
    statement, after = statements("RUN <<EOF cat <<-'B'\na\nEOF\n\tb\n\tB\nRUN c\n")
    assert statement.arguments == ("<<EOF cat <<-'B'",)
    assert statement.heredocs == (Heredoc("EOF", "a\n"), Heredoc("B", "\tb\n", chomp=True))
    assert after.arguments == ("c",)
    assert statements("ENV a=<<EOF\n")[0].heredocs == ()
    assert statements('RUN ["<<EOF"]\n')[0].heredocs == ()


@pytest.mark.parametrize("word", ["<<", "<<<a", "a<<b", "<< a b", "<<''"])
def test_what_is_no_heredoc(word: str) -> None:
    assert find_heredoc(word) is None


def test_bytes_that_are_no_text_stay_what_they_are() -> None:
    statement = parse(b"\xef\xbb\xbfRUN echo \xff\r\n").statements[0]
    assert statement.arguments[0].encode("utf-8", "surrogateescape") == b"echo \xff"


_LINES = st.lists(
    st.sampled_from(
        [
            "FROM a", "FROM a AS b", "RUN ", "RUN <<EOF", "EOF", "COPY --from=b x y", "ENV a=$b",
            "ENV a='", "CMD [", '["a"]', "# escape=`", "\\", "`", " \\", "ONBUILD ", "HEALTHCHECK",
            "LABEL a=b c", "ARG ${a:-b}", "\t", "--", "é", "\0", "<<-", '"', "'",
        ]
    ),
    max_size=12,
)  # fmt: skip


@given(st.one_of(st.binary(max_size=200), _LINES.map(lambda lines: "\n".join(lines).encode())))
def test_whatever_comes_is_read_or_refused(data: bytes) -> None:
    try:
        made = plan(parse(data))
    except InvalidParameter:
        return
    assert made.stages or made.arguments
