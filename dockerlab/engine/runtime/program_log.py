"""The log of crun or runc: what the program said when it failed.

runc writes a JSON object a line (``--log-format json``), crun a line of text that begins with the
time.
"""

import os
import re
from pathlib import Path

import msgspec

_CRUN_STAMP = re.compile(r"^\d{4}-\d\d-\d\dT[\d:.]+Z: ")


class _Line(msgspec.Struct, frozen=True):
    msg: str = ""


def last_words(log: Path, *, code: int) -> str:
    """The last error in the log, without its time and level; of a silent program, why it may be so.

    ``code`` is its exit code, for where nothing better is known.
    """
    return _last_error(log) or _silence(log.parent, code)


def _last_error(log: Path) -> str:
    try:
        lines = log.read_text(errors="replace").splitlines()
    except OSError:
        return ""
    if not lines:
        return ""
    try:
        return msgspec.json.decode(lines[-1], type=_Line).msg
    except msgspec.MsgspecError:
        return _CRUN_STAMP.sub("", lines[-1])


def _silence(directory: Path, code: int) -> str:
    """A log needs room, too."""
    full = os.statvfs(directory).f_bavail == 0
    return "no space left on device" if full else f"exit status {code}"
