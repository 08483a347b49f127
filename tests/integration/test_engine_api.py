"""What the `docker` command never asks for, and other clients do."""

from contextlib import closing

import aiohttp

from tests.engines.engine import Engine


def test_a_mirror_tells_what_docker_hub_has(engine: Engine) -> None:
    with closing(engine.client()) as client:
        found = client.images.get_registry_data("busybox")
        assert str(found.id).startswith("sha256:")
        assert [each["os"] for each in found.attrs["Platforms"]] == ["linux"]


async def test_attaching_over_a_web_socket(engine: Engine) -> None:
    script = 'read word; echo "got $word"; echo oops >&2'
    engine.docker("pull", "-q", "busybox")
    words = ("--network=none", "busybox", "sh", "-c", script)
    made = engine.docker("create", "-i", "--name", "t-socket", *words)
    assert made.returncode == 0, made.stderr
    try:
        said = await _talk(engine, "t-socket", b"hello\n")
        assert sorted(said.splitlines()) == [b"got hello", b"oops"]
    finally:
        engine.docker("rm", "-f", "t-socket")


async def _talk(engine: Engine, name: str, line: bytes) -> bytes:
    said = b""
    query = "stream=1&stdin=1&stdout=1&stderr=1"
    connector = aiohttp.UnixConnector(str(engine.socket))
    async with aiohttp.ClientSession(connector=connector) as session:
        url = f"http://engine/v1.45/containers/{name}"
        async with session.ws_connect(f"{url}/attach/ws?{query}") as socket:
            async with session.post(f"{url}/start") as started:
                assert started.status == 204
            await socket.send_bytes(line)
            async for message in socket:
                said += message.data
    return said
