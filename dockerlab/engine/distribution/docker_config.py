"""The user's own credentials: ``~/.docker/config.json`` and the helpers that it names.

Docker's clients read these themselves and send what they found with each request, so the engine
uses this only when it works without a client. Nothing is ever written.
"""

import base64
import binascii
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import msgspec

from dockerlab.engine.distribution.credentials import ANONYMOUS, Credentials
from dockerlab.engine.distribution.endpoint import DOCKER_HUB
from dockerlab.engine.errors import InvalidParameter, SystemFailure

_DOCKER_HUB_KEY = "https://index.docker.io/v1/"
_HELPER_SECONDS = 30
_TOKEN_USER = "<token>"  # noqa: S105 - what helpers answer when the secret is a token
_NOT_FOUND = "credentials not found in native keychain"


class _Auth(msgspec.Struct, frozen=True):
    auth: str = ""
    username: str = ""
    password: str = ""
    identitytoken: str = ""
    registrytoken: str = ""


class _Config(msgspec.Struct, frozen=True, rename="camel"):
    auths: dict[str, _Auth] = {}
    cred_helpers: dict[str, str] = {}
    creds_store: str = ""


class _Answer(msgspec.Struct, frozen=True, rename="pascal"):
    username: str = ""
    secret: str = ""


def stored_credentials(domain: str, *, environ: Mapping[str, str] = os.environ) -> Credentials:
    """What the user has stored for the registry ``domain``; anonymous if nothing.

    May run a credential helper, and so take a while.

    Raises:
        InvalidParameter: the file is not what Docker writes.
        SystemFailure: the helper fails.

    """
    path = _directory(environ) / "config.json"
    try:
        config = msgspec.json.decode(path.read_bytes(), type=_Config)
    except FileNotFoundError:
        return ANONYMOUS
    except OSError as error:
        raise SystemFailure(f"{path}: {error.strerror}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidParameter(f"{path}: {error}") from error
    key = _DOCKER_HUB_KEY if domain == DOCKER_HUB else domain
    if helper := config.cred_helpers.get(key) or config.creds_store:
        return _ask(helper, key, environ)
    return _credentials(_entry(config.auths, key), key, path)


def _directory(environ: Mapping[str, str]) -> Path:
    if chosen := environ.get("DOCKER_CONFIG"):
        return Path(chosen)
    return Path(environ.get("HOME") or Path.home()) / ".docker"


def _entry(auths: Mapping[str, _Auth], key: str) -> _Auth:
    # Older clients wrote URLs where newer ones write hosts.
    for name, auth in auths.items():
        host = name.removeprefix("https://").removeprefix("http://").partition("/")[0]
        if key in (name, host):
            return auth
    return _Auth()


def _credentials(auth: _Auth, key: str, path: Path) -> Credentials:
    if auth == _Auth():
        return ANONYMOUS
    username, password = auth.username, auth.password
    if auth.auth:
        try:
            pair = base64.b64decode(auth.auth, validate=True).decode().rstrip("\0")
        except (binascii.Error, UnicodeDecodeError) as error:
            raise InvalidParameter(f"{path}: the entry of {key} is not base64") from error
        username, _, password = pair.partition(":")
    return Credentials(
        username=username,
        password=password,
        identity_token=auth.identitytoken,
        registry_token=auth.registrytoken,
        server_address=key,
    )


def _ask(helper: str, key: str, environ: Mapping[str, str]) -> Credentials:
    """Docker's protocol of credential helpers: the server on stdin, JSON on stdout."""
    program = f"docker-credential-{helper}"
    if "/" in helper:
        raise InvalidParameter(f"{helper!r} is no name of a credential helper")
    try:
        done = subprocess.run(
            [program, "get"],
            input=key.encode(),
            env=dict(environ),
            capture_output=True,
            timeout=_HELPER_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        reason = error.strerror if isinstance(error, OSError) else "no answer"
        raise SystemFailure(f"credential helper {program}: {reason}") from error
    if done.returncode != 0:
        said = done.stdout.decode(errors="replace").strip()
        if _NOT_FOUND in said:
            return ANONYMOUS
        raise SystemFailure(f"credential helper {program}: {said or 'failed'}")
    try:
        answer = msgspec.json.decode(done.stdout, type=_Answer)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        # Not chained with what it said: that may hold a secret.
        raise SystemFailure(f"credential helper {program}: not JSON") from error
    if answer.username == _TOKEN_USER:
        return Credentials(identity_token=answer.secret, server_address=key)
    return Credentials(username=answer.username, password=answer.secret, server_address=key)
