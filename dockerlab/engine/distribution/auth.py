"""Tokens and passwords for one registry.

The flow is distribution's token specification ("Docker Registry v2 authentication via central
service", and its OAuth2 variant), and HTTP's Basic scheme (RFC 7617).
"""

import asyncio
import base64
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

import msgspec

from dockerlab.engine.distribution.challenge import Challenge, parse_challenges
from dockerlab.engine.distribution.credentials import Credentials
from dockerlab.engine.distribution.endpoint import is_loopback, origin
from dockerlab.engine.distribution.replies import refusal, token_error
from dockerlab.engine.distribution.transport import Timeouts, Transport
from dockerlab.engine.errors import SystemFailure, Unauthorized

if TYPE_CHECKING:
    import aiohttp

_CLIENT_ID = "docker"
_SHORTEST_LIFE = 60
_MARGIN = 10
_LARGEST_ANSWER = 1 << 20

_Key = tuple[str, str, str, Credentials]


class _TokenAnswer(msgspec.Struct, frozen=True):
    token: str = ""
    access_token: str = ""
    expires_in: int = _SHORTEST_LIFE


class TokenCache:
    """Bearer tokens while they last, in memory only."""

    def __init__(self, *, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._tokens: dict[_Key, tuple[str, float]] = {}

    def get(self, key: _Key) -> str | None:
        """The token, unless it has run out."""
        token, until = self._tokens.get(key, ("", 0.0))
        return token if until > self._now() else None

    def put(self, key: _Key, token: str, *, seconds: float) -> None:
        """Keep a token for ``seconds``."""
        now = self._now()
        self._tokens = {kept: value for kept, value in self._tokens.items() if value[1] > now}
        self._tokens[key] = (token, now + seconds)

    def forget(self, key: _Key) -> None:
        """Drop a token that was refused."""
        self._tokens.pop(key, None)


class Authorizer:
    """Answers the challenges of one registry with one user's credentials."""

    def __init__(
        self,
        *,
        url: str,
        credentials: Credentials,
        transport: Transport,
        tokens: TokenCache,
        timeouts: Timeouts,
    ) -> None:
        self._url = url
        self._credentials = credentials
        self._transport = transport
        self._tokens = tokens
        self._timeouts = timeouts
        self._challenge: Challenge | None = None
        self._asking = asyncio.Lock()

    async def header(self, scopes: tuple[str, ...]) -> str | None:
        """The Authorization header for a request, as far as the registry's wishes are known."""
        if self._challenge is None:
            return None
        async with self._asking:
            return await self._answer(self._challenge, scopes)

    async def learn(
        self, headers: Iterable[str], scopes: tuple[str, ...], *, refused: str | None
    ) -> str | None:
        """The Authorization header that a 401 with these WWW-Authenticate headers asks for.

        ``refused`` is what was sent with the request that got the 401. None means that nothing
        better can be offered.

        Raises:
            Unauthorized, TooManyRequests: the token service says no.
            SystemFailure: a password is wanted and there is none, or the token service fails.

        """
        by_scheme = {challenge.scheme: challenge for challenge in parse_challenges(headers)}
        challenge = by_scheme.get("bearer") or by_scheme.get("basic")
        if challenge is None:
            return None
        async with self._asking:
            self._challenge = challenge
            if refused is not None and challenge.scheme == "bearer":
                self._tokens.forget(self._key(challenge, scopes))
            answer = await self._answer(challenge, scopes)
        return answer if answer != refused else None

    async def _answer(self, challenge: Challenge, scopes: tuple[str, ...]) -> str:
        if challenge.scheme == "basic":
            if not self._credentials.username:
                raise SystemFailure("no basic auth credentials")
            return _basic(self._credentials)
        if self._credentials.registry_token:
            return f"Bearer {self._credentials.registry_token}"
        key = self._key(challenge, scopes)
        token = self._tokens.get(key)
        if token is None:
            answer = await self._ask(challenge, scopes)
            token = answer.token or answer.access_token
            if not token:
                raise SystemFailure("authorization server did not include a token in the response")
            life = max(answer.expires_in, _SHORTEST_LIFE) - _MARGIN
            self._tokens.put(key, token, seconds=life)
        return f"Bearer {token}"

    def _key(self, challenge: Challenge, scopes: tuple[str, ...]) -> _Key:
        realm = challenge.parameters.get("realm", "")
        service = challenge.parameters.get("service", "")
        return (realm, service, " ".join(scopes), self._credentials)

    async def _ask(self, challenge: Challenge, scopes: tuple[str, ...]) -> _TokenAnswer:
        realm = challenge.parameters.get("realm", "")
        service = challenge.parameters.get("service", "")
        if urlsplit(realm).scheme not in ("http", "https"):
            raise Unauthorized(f"unsupported realm of the registry's token service: {realm!r}")
        if self._credentials and not self._trusts(realm):
            raise Unauthorized(
                f"refusing to send credentials without encryption to the token service {realm}"
            )
        if self._credentials.identity_token:
            response = await self._refresh(realm, service, scopes)
        else:
            response = await self._fetch(realm, service, scopes)
        async with response:
            body = await response.content.read(_LARGEST_ANSWER)
            if response.status != 200:
                raise token_error(refusal(response.status, body))
            return _decode(body)

    def _trusts(self, realm: str) -> bool:
        # A registry that is spoken to in plain HTTP may have its token service beside it, or on
        # this machine; one that is spoken to in TLS may not send us away from it.
        scheme, host, _ = origin(realm)
        own_scheme, own_host, _ = origin(self._url)
        return scheme == "https" or (
            own_scheme == "http" and (host == own_host or is_loopback(host))
        )

    async def _fetch(
        self, realm: str, service: str, scopes: tuple[str, ...]
    ) -> "aiohttp.ClientResponse":
        query = [*(("scope", scope) for scope in scopes if scope), ("service", service)]
        headers = {}
        if self._credentials.username:
            query.insert(0, ("account", self._credentials.username))
            headers["Authorization"] = _basic(self._credentials)
        separator = "&" if urlsplit(realm).query else "?"
        url = realm + separator + urlencode(query)
        return await self._transport.send("GET", url, headers=headers, timeouts=self._timeouts)

    async def _refresh(
        self, realm: str, service: str, scopes: tuple[str, ...]
    ) -> "aiohttp.ClientResponse":
        form = {
            "grant_type": "refresh_token",
            "service": service,
            "client_id": _CLIENT_ID,
            "scope": " ".join(scopes),
            "refresh_token": self._credentials.identity_token,
        }
        return await self._transport.send(
            "POST",
            realm,
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            body=urlencode(form).encode(),
            timeouts=self._timeouts,
        )


def _decode(body: bytes) -> _TokenAnswer:
    try:
        return msgspec.json.decode(body, type=_TokenAnswer)
    except msgspec.DecodeError as error:
        raise SystemFailure(f"unable to decode token response: {error}") from error


def _basic(credentials: Credentials) -> str:
    pair = f"{credentials.username}:{credentials.password}".encode()
    return "Basic " + base64.b64encode(pair).decode()
