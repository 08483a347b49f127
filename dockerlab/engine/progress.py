"""What long operations report while they run.

One record is one line of the JSON stream that Docker's API sends during pull, load, import and
build. The server encodes it; nothing here knows about HTTP.
"""

from typing import Any

import msgspec


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a long operation.

    ``id`` names a layer (its short digest) or a tag, ``current`` and ``total`` are bytes.
    ``stream`` is output to print as it is; ``aux`` is a result for machines; ``error`` ends it,
    with the ``error_code`` that a command ended with.
    """

    status: str = ""
    id: str = ""
    current: int | None = None
    total: int | None = None
    stream: str = ""
    aux: dict[str, Any] | None = None
    error: str = ""
    error_code: int = 0
