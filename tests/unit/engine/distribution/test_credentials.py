"""Credentials as clients send them, and that they stay unseen."""

import base64
import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dockerlab.engine.distribution.credentials import (
    ANONYMOUS,
    Credentials,
    decode_registry_auth,
)
from dockerlab.engine.errors import InvalidParameter


def _header(**fields: str) -> str:
    return base64.urlsafe_b64encode(json.dumps(fields).encode()).decode()


def test_the_command_line_s_header_is_read() -> None:
    header = _header(username="ada", password="p?>~", serveraddress="quay.io", auth="ignored")
    expected = Credentials(username="ada", password="p?>~", server_address="quay.io")
    assert decode_registry_auth(header) == expected
    assert decode_registry_auth(header.rstrip("=")) == expected
    assert decode_registry_auth(_header(identitytoken="t")).identity_token == "t"


@pytest.mark.parametrize("header", ["", _header()])
def test_nothing_is_anonymous(header: str) -> None:
    assert decode_registry_auth(header) == ANONYMOUS
    assert not decode_registry_auth(header)


@given(st.text(max_size=60))
def test_anything_else_is_refused_with_a_sentence(header: str) -> None:
    with contextlib.suppress(InvalidParameter):
        decode_registry_auth(header)
    with pytest.raises(InvalidParameter, match="X-Registry-Auth"):
        decode_registry_auth("!" + header)


def test_no_secret_is_printed() -> None:
    secret = Credentials(
        username="ada", password="secret1", identity_token="secret2", registry_token="secret3"
    )
    assert "secret" not in repr(secret) + str(secret) + f"{secret}"
