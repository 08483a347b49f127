"""What a registry says when it says no (OCI distribution specification, "Error Codes")."""

import http

import msgspec

from dockerlab.engine.errors import (
    EngineError,
    NotFound,
    SystemFailure,
    TooManyRequests,
    Unauthorized,
)
from dockerlab.engine.reference import Reference

# The codes of the specification, and the texts for those that come without a message.
_MESSAGES = {
    "UNAUTHORIZED": "authentication required",
    "DENIED": "requested access to the resource is denied",
    "TOOMANYREQUESTS": "too many requests",
    "MANIFEST_UNKNOWN": "manifest unknown",
    "MANIFEST_INVALID": "manifest invalid",
    "MANIFEST_BLOB_UNKNOWN": "blob unknown to registry",
    "NAME_UNKNOWN": "repository name not known to registry",
    "NAME_INVALID": "invalid repository name",
    "BLOB_UNKNOWN": "blob unknown to registry",
    "BLOB_UPLOAD_INVALID": "blob upload invalid",
    "BLOB_UPLOAD_UNKNOWN": "blob upload unknown to registry",
    "DIGEST_INVALID": "provided digest did not match uploaded content",
    "SIZE_INVALID": "provided length did not match content length",
    "UNSUPPORTED": "The operation is unsupported.",
    "UNAVAILABLE": "service unavailable",
}
_BY_STATUS = {401: "UNAUTHORIZED", 403: "DENIED", 429: "TOOMANYREQUESTS"}
_LONGEST_BODY = 512


class RegistryError(msgspec.Struct, frozen=True):
    """One entry of a registry's ``errors``."""

    code: str = "UNKNOWN"
    message: str = ""

    def __str__(self) -> str:
        known = self.code if self.code in _MESSAGES else "UNKNOWN"
        message = self.message or _MESSAGES.get(self.code, "unknown error")
        return f"{known.lower().replace('_', ' ')}: {message}"


class _Body(msgspec.Struct, frozen=True):
    errors: tuple[RegistryError, ...] = ()


class Refused(EngineError):
    """A registry's answer that is no success, before it is put into words for the user."""

    def __init__(self, status: int, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.code = code


def refusal(status: int, body: bytes, *, insufficient_scope: bool = False) -> Refused:
    """The answer with ``status`` and ``body``, in the words of Docker's client.

    ``insufficient_scope`` is what the challenge of a 401 said of the token that was shown
    (RFC 6750, section 3.1): who asks is known, and may not.
    """
    if insufficient_scope:
        return _refused(status, RegistryError(code="DENIED"))
    if not 400 <= status < 500:
        return Refused(
            status, "UNKNOWN", f"received unexpected HTTP status: {status} {_phrase(status)}"
        )
    try:
        errors = msgspec.json.decode(body, type=_Body).errors
    except (msgspec.DecodeError, UnicodeDecodeError):
        errors = ()
    if errors:
        return _refused(status, errors[0])
    text = body[:_LONGEST_BODY].decode(errors="replace")
    return _refused(status, RegistryError(_BY_STATUS.get(status, "UNKNOWN"), text))


def _refused(status: int, error: RegistryError) -> Refused:
    return Refused(status, error.code, str(error))


def _phrase(status: int) -> str:
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return ""


def pull_error(refused: Refused, reference: Reference) -> EngineError:
    """The sentence for someone who pulls ``reference``."""
    if refused.code == "DENIED":
        return NotFound(
            f"pull access denied for {reference.familiar_name}, repository does not exist or may "
            f"require 'docker login': {refused}"
        )
    if refused.code == "MANIFEST_UNKNOWN":
        return NotFound(f"manifest for {reference.familiar} not found: {refused}")
    if refused.code == "NAME_UNKNOWN":
        return NotFound(f"repository {reference.familiar_name} not found: {refused}")
    return _error(refused)


def blob_error(refused: Refused, reference: Reference) -> EngineError:
    """The same when it is a blob that is refused."""
    if refused.code == "DENIED":
        return pull_error(refused, reference)
    if refused.status == 404:
        return NotFound("unknown blob")
    return _error(refused)


def push_error(refused: Refused) -> EngineError:
    """The same for someone who pushes."""
    return _error(refused)


def token_error(refused: Refused) -> EngineError:
    """The same for a token service."""
    return _error(refused)


def _error(refused: Refused) -> EngineError:
    if refused.code == "UNAUTHORIZED":
        return Unauthorized(str(refused))
    if refused.code == "TOOMANYREQUESTS":
        return TooManyRequests(str(refused))
    return SystemFailure(str(refused))
