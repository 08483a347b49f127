"""Requests that no client of Docker would make, as the bytes that go into the socket."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Request:
    """A request, and what an engine may answer to it: a status, or nothing (0) but the end."""

    name: str
    data: bytes
    statuses: frozenset[int]


REFUSED = frozenset({0, 400, 404, 405, 411, 413, 414, 415, 431, 501})


def _post(path: str, body: bytes, *, headers: str = "", length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{headers}"
    return f"{head}Content-Length: {size}\r\nConnection: close\r\n\r\n".encode() + body


def _get(path: bytes, headers: bytes = b"") -> bytes:
    return b"GET " + path + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + headers + b"\r\n"


_NAMES = (
    b"%00", b"a%00b", b"..%2f..%2fetc%2fpasswd", b"%2e%2e/%2e%2e/metadata.db", b"../../../etc",
    b"%ff%fe", b"a%0d%0aX-Evil:%201", b"%", b"%zz", b"a" * 5000, b"-rf", b"a;b", b"%20",
    b"\xe4\xbd",
)  # fmt: skip
_BODIES = (
    b"", b"{", b"null", b"[]", b'"text"', b"{}", b"\xff\xfe", b"\0" * 100, b'{"Image": 1}',
    b'{"Image": "busybox", "Cmd": {"a": 1}}', b'{"Image": "a\\u0000b"}', b'{"Image": "../../etc"}',
    b'{"Image": "busybox", "HostConfig": {"Binds": ["\\u0000:/x"]}}', b"[" * 20_000,
    b'{"a":' * 20_000, b'{"Image": "' + b"x" * 100_000 + b'"}', b"1e999", b'{"Image": NaN}',
)  # fmt: skip

CORPUS: tuple[Request, ...] = (
    *(
        Request(f"{kind.decode()}: {name[:40]!r}", _get(path % name), REFUSED)
        for kind, path in (
            (b"container", b"/containers/%s/json"),
            (b"image", b"/images/%s/json"),
            (b"volume", b"/volumes/%s"),
            (b"exec", b"/exec/%s/json"),
            (b"network", b"/networks/%s"),
        )
        for name in _NAMES
    ),
    *(
        Request(f"body of {path}: {body[:30]!r}", _post(path, body), REFUSED)
        for path in ("/containers/create", "/containers/create?name=%00", "/volumes/create/x")
        for body in _BODIES
    ),
    Request("a body without end", _post("/containers/create", b" " * (24 << 20), length=1 << 40),
            REFUSED),
    Request("a body that is cut short", _post("/containers/create", b"{", length=1 << 20), REFUSED),
    Request("chunks that are none", _post("/containers/create", b"zz\r\n{}\r\n",
            headers="Transfer-Encoding: chunked\r\n").replace(b"Content-Length: 8\r\n", b""),
            REFUSED),
    Request("many headers", _get(b"/_ping", b"".join(b"X-%d: y\r\n" % n for n in range(50_000))),
            REFUSED | {200}),
    Request("no HTTP", b"\x16\x03\x01\x02\x00hello\r\n\r\n", REFUSED),
    Request("a line without end", b"GET /" + b"a" * (2 << 20), REFUSED),
    Request("a header without end", _get(b"/_ping", b"X: " + b"a" * (2 << 20) + b"\r\n"), REFUSED),
    Request("a header with NUL", _get(b"/_ping", b"X: a\0b\r\n"), REFUSED),
    Request("two lengths", _post("/containers/create", b"{}", headers="Content-Length: 5\r\n"),
            REFUSED),
    Request("a negative length", _post("/containers/create", b"", length=-1), REFUSED),
    Request("a length and chunks", _post("/containers/create", b"0\r\n\r\n",
            headers="Transfer-Encoding: chunked\r\n"), REFUSED),
    Request("an unknown method", b"BREW / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
            REFUSED),
    Request("an unknown version", _get(b"/v9.99/version"), REFUSED),
    Request("no version at all", b"GET /_ping\r\n\r\n", REFUSED),
    Request("credentials that are none", _post("/images/create?fromImage=x", b"",
            headers="X-Registry-Auth: %%%\r\n"), REFUSED),
    Request("filters that are none", _get(b"/images/json?filters=%5B%7B"), REFUSED),
    Request("a version of digits", _get(b"/v1." + b"9" * 5000 + b"/version"), REFUSED),
    Request("a limit of digits", _get(b"/containers/json?limit=" + b"9" * 5000), REFUSED),
    Request("a moment of digits", _get(b"/events?until=1&since=" + b"9" * 5000), REFUSED),
    Request("a port of digits", _post("/containers/create", b'{"Image": "busybox", "HostConfig": '
            b'{"PortBindings": {"' + b"9" * 5000 + b'/tcp": [{}]}}}'), REFUSED),
    Request("a number that is none", _get(b"/containers/json?limit=many"), REFUSED),
    Request("a context that is no tar", _post("/build", b"this is no tar" * 1000), REFUSED | {500}),
    Request("an archive that is no tar", _post("/images/load", b"no tar" * 1000),
            REFUSED | {200, 500}),
)  # fmt: skip
