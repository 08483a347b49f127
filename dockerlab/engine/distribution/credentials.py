"""Who the user is to a registry."""

import base64
import binascii

import msgspec

from dockerlab.engine.errors import InvalidParameter


class Credentials(msgspec.Struct, frozen=True, rename="lower"):
    """As Docker's clients send them with a request (Docker Engine API, "Authentication").

    ``identity_token`` is an OAuth2 refresh token, ``registry_token`` a bearer token to be shown
    as it is. The representation hides every secret, so that none reaches a log.
    """

    username: str = ""
    password: str = ""
    identity_token: str = msgspec.field(default="", name="identitytoken")
    registry_token: str = msgspec.field(default="", name="registrytoken")
    server_address: str = msgspec.field(default="", name="serveraddress")

    def __repr__(self) -> str:
        return f"Credentials(username={self.username!r}, …)"

    def __bool__(self) -> bool:
        return bool(self.username or self.identity_token or self.registry_token)


ANONYMOUS = Credentials()


def decode_registry_auth(header: str) -> Credentials:
    """The credentials of an ``X-Registry-Auth`` header: JSON in base64url; empty is anonymous.

    Raises:
        InvalidParameter: it is not that.

    """
    if not header:
        return ANONYMOUS
    try:
        padded = header.rstrip("=") + "=" * (-len(header.rstrip("=")) % 4)
        document = base64.b64decode(padded, altchars=b"-_", validate=True)
        return msgspec.json.decode(document, type=Credentials)
    except (binascii.Error, ValueError, msgspec.DecodeError) as error:
        raise InvalidParameter("invalid X-Registry-Auth header: not base64url of JSON") from error
