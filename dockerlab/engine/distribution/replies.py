"""What a registry says when it says no (OCI distribution specification, "Error Codes")."""

import http
import json

import msgspec

from dockerlab.engine.errors import EngineError, NotFound, SystemFailure, Unauthorized

# Docker's texts for codes that come without a message.
_DEFAULT_MESSAGES = {
    "UNAUTHORIZED": "authentication required",
    "DENIED": "requested access to the resource is denied",
    "TOOMANYREQUESTS": "too many requests",
    "MANIFEST_UNKNOWN": "manifest unknown",
    "NAME_UNKNOWN": "repository name not known to registry",
    "BLOB_UNKNOWN": "blob unknown to registry",
    "UNSUPPORTED": "The operation is unsupported.",
}
_STATUS_CODES = {
    401: "UNAUTHORIZED",
    403: "DENIED",
    404: "MANIFEST_UNKNOWN",
    429: "TOOMANYREQUESTS",
}


class RegistryError(msgspec.Struct, frozen=True):
    """One entry of a registry's ``errors``."""

    code: str = "UNKNOWN"
    message: str = ""

    def __str__(self) -> str:
        words = self.code.lower().replace("_", " ")
        return f"{words}: {self.message or _DEFAULT_MESSAGES.get(self.code, 'unknown error')}"


class _Body(msgspec.Struct, frozen=True):
    errors: tuple[RegistryError, ...] = ()


class Refused(EngineError):
    """A registry's answer that is no success, before it is put into words for the user."""

    def __init__(self, status: int, errors: tuple[RegistryError, ...], sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.code = errors[0].code if errors else _STATUS_CODES.get(status, "UNKNOWN")


def refusal(status: int, body: bytes) -> Refused:
    """The answer with ``status`` and ``body``, as Docker's client would tell it."""
    if not 400 <= status < 500:
        return Refused(status, (), f"received unexpected HTTP status: {status} {_phrase(status)}")
    try:
        errors = msgspec.json.decode(body, type=_Body).errors
    except msgspec.DecodeError:
        errors = ()
    if not errors and (code := _STATUS_CODES.get(status)) and status != 404:
        errors = (RegistryError(code=code),)
    if len(errors) == 1:
        return Refused(status, errors, str(errors[0]))
    if errors:
        lines = "".join(f"{error}\n" for error in errors)
        return Refused(status, errors, f"errors:\n{lines}")
    shown = json.dumps(body[:512].decode(errors="replace"))
    return Refused(status, (), f"error parsing HTTP {status} response body: {shown}")


def _phrase(status: int) -> str:
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return ""


def pull_error(refused: Refused, *, familiar_name: str, familiar: str) -> EngineError:
    """The sentence for someone who pulls ``familiar`` (``busybox:latest``)."""
    if refused.code == "DENIED":
        return NotFound(
            f"pull access denied for {familiar_name}, repository does not exist or may require "
            f"'docker login': {refused}"
        )
    if refused.code == "MANIFEST_UNKNOWN" and refused.status == 404:
        return NotFound(f"manifest for {familiar} not found: {refused}")
    if refused.code == "NAME_UNKNOWN":
        return NotFound(f"repository {familiar_name} not found: {refused}")
    if refused.code == "UNAUTHORIZED":
        return Unauthorized(str(refused))
    return SystemFailure(str(refused))


def blob_error(refused: Refused) -> EngineError:
    """The same for a blob, whose absence is nothing that the user can mend."""
    if refused.code == "UNAUTHORIZED":
        return Unauthorized(str(refused))
    if refused.status == 404:
        return NotFound(str(refused))
    return SystemFailure(str(refused))
