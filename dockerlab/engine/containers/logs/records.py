r"""One line of a log: ``{"log":"hello\n","stream":"stdout","time":"2026-01-01T00:00:00.1Z"}``.

A line of output longer than 16 KiB becomes several records; all but the last lack the newline.
"""

import codecs

import msgspec

LONGEST = 16 * 1024
"""Bytes of output in one record at most."""
STREAMS = {1: "stdout", 2: "stderr"}


_HTML = (
    (b"&", b"\\u0026"),
    (b"<", b"\\u003c"),
    (b">", b"\\u003e"),
    ("\u2028".encode(), b"\\u2028"),
    ("\u2029".encode(), b"\\u2029"),
)
_EACH_BYTE = "dockerlab.replace-each-byte"


class LogRecord(msgspec.Struct, frozen=True):
    """One record: text of one stream, at a moment in RFC 3339."""

    log: str = ""
    stream: str = "stdout"
    time: str = ""


def record_end(data: bytes, start: int) -> int:
    """Where the record that begins at ``start`` ends, or ``start`` if it is not complete."""
    newline = data.find(b"\n", start, start + LONGEST)
    if newline >= 0:
        return newline + 1
    return start + LONGEST if len(data) - start >= LONGEST else start


def encode(data: bytes, stream: int, moment: str) -> bytes:
    """A line of the file: output of a stream (1 stdout, 2 stderr) at a moment in RFC 3339."""
    text = msgspec.json.encode(data.decode("utf-8", _EACH_BYTE))
    # Go's encoder, which Docker's readers know, keeps JSON safe inside HTML.
    for plain, escaped in _HTML:
        text = text.replace(plain, escaped)
    return b'{"log":%b,"stream":"%b","time":"%b"}\n' % (
        text,
        STREAMS[stream].encode(),
        moment.encode(),
    )


def decode(line: bytes) -> LogRecord | None:
    """The record of a line, or None for what a crash left half written."""
    try:
        return _RECORDS.decode(line)
    except msgspec.MsgspecError:
        return None


def _replace_each_byte(error: UnicodeError) -> tuple[str, int]:
    # As Go does it: one replacement character for every byte that is not UTF-8.
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "\ufffd", error.start + 1


codecs.register_error(_EACH_BYTE, _replace_each_byte)
_RECORDS = msgspec.json.Decoder(LogRecord)
