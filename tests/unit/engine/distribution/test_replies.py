"""A registry's refusal becomes Docker's sentence."""

import json

import pytest

from dockerlab.engine.distribution.replies import blob_error, pull_error, refusal
from dockerlab.engine.errors import (
    EngineError,
    NotFound,
    SystemFailure,
    TooManyRequests,
    Unauthorized,
)
from dockerlab.engine.reference import parse

_NAME = parse("lab.example/app:1")


def _body(code: str, message: str = "") -> bytes:
    return json.dumps({"errors": [{"code": code, "message": message, "detail": None}]}).encode()


@pytest.mark.parametrize(
    ("status", "body", "kind", "sentence"),
    [
        (
            404,
            _body("MANIFEST_UNKNOWN", "manifest unknown"),
            NotFound,
            "manifest for lab.example/app:1 not found: manifest unknown: manifest unknown",
        ),
        (
            403,
            _body("DENIED"),
            NotFound,
            "pull access denied for lab.example/app, repository does not exist or may require "
            "'docker login': denied: requested access to the resource is denied",
        ),
        (
            404,
            _body("NAME_UNKNOWN"),
            NotFound,
            "repository lab.example/app not found: name unknown: repository name not known to "
            "registry",
        ),
        (401, b"", Unauthorized, "unauthorized: authentication required"),
        (401, b"<html>", Unauthorized, "unauthorized: <html>"),
        (429, b"slow", TooManyRequests, "toomanyrequests: slow"),
        (404, b"404 page not found\n", SystemFailure, "unknown: 404 page not found\n"),
        (404, _body("ODD", "it is odd"), SystemFailure, "unknown: it is odd"),
        (500, b"x", SystemFailure, "received unexpected HTTP status: 500 Internal Server Error"),
        (302, b"", SystemFailure, "received unexpected HTTP status: 302 Found"),
        (599, b"", SystemFailure, "received unexpected HTTP status: 599 "),
    ],
)
def test_a_refused_pull(status: int, body: bytes, kind: type[EngineError], sentence: str) -> None:
    error = pull_error(refusal(status, body), _NAME)
    assert type(error) is kind
    assert str(error) == sentence


def test_a_missing_blob_is_not_a_missing_image() -> None:
    assert str(blob_error(refusal(404, _body("BLOB_UNKNOWN")), _NAME)) == "unknown blob"


def test_a_token_that_does_not_suffice_reads_as_docker_hub_s_unknown_image() -> None:
    refused = refusal(401, b"", insufficient_scope=True)
    assert str(pull_error(refused, parse("nosuch:latest"))) == (
        "pull access denied for nosuch, repository does not exist or may require 'docker login': "
        "denied: requested access to the resource is denied"
    )
