import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dockerlab.engine.containers.exec_instance import ExecConfig
from dockerlab.engine.errors import InvalidParameter
from dockerlab.engine.oci import HealthConfig
from dockerlab.engine.server.create_request import CreateRequest, as_go_reads, decode_request
from dockerlab.engine.server.versions import NEWEST, Version


def request(version: Version = NEWEST, **body: object) -> CreateRequest:
    return decode_request(json.dumps(body).encode(), version)


def test_null_is_the_same_as_nothing() -> None:
    made = request(Image="a", Cmd=None, Tty=None, HostConfig={"Memory": None, "Binds": None})
    assert (made.config.cmd, made.config.tty) == (None, False)
    assert (made.host.memory, made.host.binds) == (0, None)


def test_null_is_the_same_as_nothing_in_a_health_check() -> None:
    asked = {"Test": ["CMD", "true"], "Interval": None, "Retries": 2, "StartPeriod": None}
    health = request(Image="a", Healthcheck=asked).config.healthcheck
    assert health == HealthConfig(test=("CMD", "true"), retries=2)


def test_keys_may_be_in_any_case() -> None:
    body = b'{"cmd": "ls", "detachKeys": "ctrl-p", "TTY": true}'
    read = as_go_reads(body, ExecConfig)
    assert (read.cmd, read.detach_keys, read.tty) == (("ls",), "ctrl-p", True)


def test_a_command_may_be_one_string() -> None:
    made = request(Image="a", Cmd="ls", Entrypoint=["sh", "-c"])
    assert (made.config.cmd, made.config.entrypoint) == (("ls",), ("sh", "-c"))


def test_clients_say_nothing_in_many_ways() -> None:
    host = request(Image="a", HostConfig={"MemorySwappiness": -1, "PidsLimit": 0}).host
    assert (host.memory_swappiness, host.pids_limit) == (None, None)
    assert request(Image="a", HostConfig={"NetworkMode": "default"}).host.network_mode == "bridge"


def test_old_clients_get_what_they_took_for_granted() -> None:
    asked = {"Annotations": {"a": "b"}, "ConsoleSize": [10, 20]}
    new, old = (request(v, Image="a", HostConfig=asked).host for v in (NEWEST, Version(1, 41)))
    assert (new.annotations, new.console_size) == ({"a": "b"}, (10, 20))
    assert (old.annotations, old.console_size) == (None, (0, 0))


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"{}", "config cannot be empty"),
        (b'{"HostConfig": {}}', "config cannot be empty"),
        (b"{", "invalid JSON: unexpected EOF"),
        (b'{"Image": "a"} x', "unexpected content after JSON"),
        (b'{"Image": 3}', "invalid JSON: expected `str`"),
        (b'{"Image": "a", "HostConfig": 3}', "invalid JSON"),
        (b"[]", "invalid JSON: expected `object`"),
        (b"\xff", "invalid JSON"),
    ],
)
def test_what_is_no_request_is_refused(body: bytes, sentence: str) -> None:
    with pytest.raises(InvalidParameter, match=sentence):
        decode_request(body, NEWEST)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=10,
)
KEYS = st.sampled_from(["Image", "Cmd", "Env", "Labels", "HostConfig", "NetworkingConfig", "Tty"])


@given(st.dictionaries(KEYS, JSON))
def test_no_json_does_more_than_be_refused(body: dict[str, object]) -> None:
    with suppress(InvalidParameter):
        decode_request(json.dumps(body).encode(), NEWEST)
