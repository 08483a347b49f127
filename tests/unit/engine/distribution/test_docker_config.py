"""The user's own credentials are found where Docker's command keeps them."""

import base64
import json
import os
from pathlib import Path

import pytest

from dockerlab.engine.distribution.credentials import ANONYMOUS, Credentials
from dockerlab.engine.distribution.docker_config import stored_credentials
from dockerlab.engine.errors import InvalidParameter, SystemFailure


def _write(home: Path, **config: object) -> dict[str, str]:
    (home / ".docker").mkdir()
    (home / ".docker" / "config.json").write_text(json.dumps(config))
    return {"HOME": str(home), "PATH": f"{home}:{os.environ['PATH']}"}


def _pair(user: str, password: str) -> dict[str, str]:
    return {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}


def _helper(home: Path, script: str) -> None:
    program = home / "docker-credential-test"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


def test_nothing_stored_is_anonymous(tmp_path: Path) -> None:
    assert stored_credentials("quay.io", environ={"HOME": str(tmp_path)}) == ANONYMOUS


def test_a_password_in_the_file(tmp_path: Path) -> None:
    hub, quay = _pair("ada", "a:b"), _pair("bob", "c")
    environ = _write(
        tmp_path, auths={"https://index.docker.io/v1/": hub, "https://quay.io/v1/": quay}
    )
    found = stored_credentials("docker.io", environ=environ)
    assert (found.username, found.password) == ("ada", "a:b")
    assert stored_credentials("quay.io", environ=environ).username == "bob"
    assert not stored_credentials("evil.quay.io", environ=environ)


def test_docker_config_names_another_folder(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"auths": {"quay.io": _pair("ada", "p")}}))
    environ = {"DOCKER_CONFIG": str(tmp_path), "HOME": "/nonexistent"}
    assert stored_credentials("quay.io", environ=environ).username == "ada"


def test_a_helper_is_asked_for_the_server(tmp_path: Path) -> None:
    environ = _write(tmp_path, credHelpers={"quay.io": "test"})
    _helper(tmp_path, """printf '{"ServerURL":"x","Username":"%s","Secret":"s"}' "$1-$(cat)" """)
    found = stored_credentials("quay.io", environ=environ)
    assert found == Credentials(username="get-quay.io", password="s", server_address="quay.io")
    assert stored_credentials("ghcr.io", environ=environ) == ANONYMOUS


def test_a_helper_may_keep_a_token(tmp_path: Path) -> None:
    environ = _write(tmp_path, credsStore="test")
    _helper(tmp_path, """echo '{"Username":"<token>","Secret":"t"}'""")
    assert stored_credentials("quay.io", environ=environ).identity_token == "t"


def test_a_helper_that_knows_nothing_is_anonymous(tmp_path: Path) -> None:
    environ = _write(tmp_path, credsStore="test")
    _helper(tmp_path, "echo credentials not found in native keychain; exit 1")
    assert stored_credentials("quay.io", environ=environ) == ANONYMOUS


@pytest.mark.parametrize(
    ("script", "sentence"),
    [("echo locked; exit 1", "locked"), ("echo secret", "not JSON"), ("exit 3", "failed")],
)
def test_a_helper_that_fails_is_named(tmp_path: Path, script: str, sentence: str) -> None:
    environ = _write(tmp_path, credsStore="test")
    _helper(tmp_path, script)
    with pytest.raises(SystemFailure, match=f"docker-credential-test: {sentence}") as failure:
        stored_credentials("quay.io", environ=environ)
    assert "secret" not in str(failure.value)


def test_a_helper_that_is_not_installed_is_named(tmp_path: Path) -> None:
    environ = _write(tmp_path, credsStore="nosuch")
    with pytest.raises(SystemFailure, match="docker-credential-nosuch: No such file"):
        stored_credentials("quay.io", environ=environ)


@pytest.mark.parametrize(
    "config",
    [{"auths": 5}, {"auths": {"quay.io": {"auth": "&&"}}}, {"credHelpers": {"quay.io": "../x"}}],
)
def test_a_file_that_docker_did_not_write_is_refused(
    tmp_path: Path, config: dict[str, object]
) -> None:
    environ = _write(tmp_path, **config)
    with pytest.raises(InvalidParameter):
        stored_credentials("quay.io", environ=environ)
