"""One request, as a handler sees it: names, query and body, parsed and typed."""

from collections.abc import Mapping, Sequence
from typing import TypeVar
from urllib.parse import parse_qs

import msgspec
from aiohttp import web

from dockerlab.engine.engine import Engine
from dockerlab.engine.errors import InvalidParameter
from dockerlab.engine.filters import Filters
from dockerlab.engine.server.hijack import Hijacked
from dockerlab.engine.server.versions import Version

T = TypeVar("T")

BODY_LIMIT = 16 * 1024 * 1024
"""Bytes of JSON that a client may send."""

_FALSE = frozenset({"", "0", "no", "false", "none"})


class Call:
    """One request to the API."""

    def __init__(
        self,
        request: web.BaseRequest,
        engine: Engine,
        *,
        version: Version,
        query: str = "",
        names: Mapping[str, str] | None = None,
    ) -> None:
        """``query`` as it stood in the URL; ``names`` are those found in the path."""
        self.request = request
        self.engine = engine
        self.version = version
        self.names: Mapping[str, str] = names or {}
        self.begun = False
        """Whether the head of an answer is out, so that no error can take its place."""
        self._query = parse_qs(query, keep_blank_values=True, errors="replace")

    def text(self, key: str, default: str = "") -> str:
        """The first value of a query parameter."""
        return self._query.get(key, (default,))[0]

    def texts(self, key: str) -> Sequence[str]:
        """Every value of a query parameter."""
        return self._query.get(key, ())

    def given(self, key: str) -> bool:
        """Whether the query has the parameter at all."""
        return key in self._query

    def flag(self, key: str, *, default: bool = False) -> bool:
        """A query parameter as Docker reads booleans: all but a few words for "no" is true."""
        if key not in self._query:
            return default
        return self.text(key).strip().lower() not in _FALSE

    def integer(self, key: str) -> int | None:
        """A whole number from the query, or None where it is missing or empty.

        Raises:
            InvalidParameter: it is no whole number.

        """
        value = self.text(key)
        if not value:
            return None
        try:
            return int(value)
        except ValueError:
            message = f'strconv.Atoi: parsing "{value}": invalid syntax'
            raise InvalidParameter(message) from None

    def filters(self) -> Filters:
        """The ``filters`` of the query; raises InvalidParameter when they are malformed."""
        return Filters.from_json(self.text("filters"))

    async def begin(self, response: web.StreamResponse) -> web.StreamResponse:
        """Send the head of an answer whose body follows piece by piece."""
        self.begun = True
        await response.prepare(self.request)
        return response

    def hijack(self, kind: str) -> Hijacked:
        """Leave HTTP: the connection becomes a pipe of the content type ``kind``."""
        self.begun = True
        return Hijacked(self.request, kind=kind)

    async def json(self, kind: type[T]) -> T | None:
        """The body as ``kind``, or None where it is empty.

        Raises:
            InvalidParameter: the body is not JSON, or not of that kind.

        """
        body = await self.json_body()
        return decode(body, kind) if body else None

    async def json_body(self) -> bytes:
        """The body, which must say that it is JSON unless it is empty.

        Raises:
            InvalidParameter: it is of another kind, or too long.

        """
        body = await self._body()
        if body:
            self._expect_json()
        return body

    async def _body(self) -> bytes:
        parts: list[bytes] = []
        size = 0
        async for part in self.request.content.iter_any():
            size += len(part)
            if size > BODY_LIMIT:
                raise InvalidParameter("invalid JSON: http: request body too large")
            parts.append(part)
        return b"".join(parts)

    def _expect_json(self) -> None:
        kind = self.request.headers.get("Content-Type", "")
        if kind.partition(";")[0].strip().lower() != "application/json":
            if not kind:
                raise InvalidParameter("malformed Content-Type header (): mime: no media type")
            raise InvalidParameter(
                f"unsupported Content-Type header ({kind}): must be 'application/json'"
            )


def decode(body: bytes, kind: type[T]) -> T:
    """JSON as ``kind``.

    Raises:
        InvalidParameter: it is malformed, or not of that kind.

    """
    try:
        return msgspec.json.decode(body, type=kind, strict=True)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise InvalidParameter(complaint(body, error)) from None
    except RecursionError:
        raise InvalidParameter("invalid JSON: exceeded max depth") from None


def complaint(body: bytes, error: Exception) -> str:
    """Docker's sentence where it has one, ours where the JSON parser speaks for itself."""
    text = str(error)
    if isinstance(error, msgspec.ValidationError):
        return f"invalid JSON: {text[0].lower()}{text[1:]}"
    if not body.strip():
        return "invalid JSON: got EOF while reading request body"
    if "truncated" in text:
        return "invalid JSON: unexpected EOF"
    if "trailing characters" in text:
        return "unexpected content after JSON"
    return f"invalid JSON: {text.removeprefix('JSON is malformed: ')}"
