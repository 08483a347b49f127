"""The card and the banner, as text and as HTML."""

import docker
import pytest

from dockerlab.connection import (
    Address,
    Attempt,
    Candidate,
    Connection,
    EngineFacts,
    EngineKind,
    Source,
)
from dockerlab.errors import SocketForbidden, SocketMissing
from dockerlab.notebook.banner import make_banner
from dockerlab.notebook.card import Card, make_card
from dockerlab.standins.ensure import Provision

SOCKET = "unix:///run/user/1000/dockerlab/engine.sock"
FACTS = EngineFacts(
    kind=EngineKind.EMBEDDED,
    version="0.1.0",
    api_version="1.51",
    runtime="crun",
    storage="overlay",
    rootless=True,
    platform="linux/amd64",
    identity="x",
)


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKERLAB_LANG", "en")
    # Docker Hub through a proxy that is not there: no network needed, no answer awaited.
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("DOCKERLAB_REGISTRY_MIRRORS", raising=False)


def connection(source: Source, *attempts: Attempt) -> Connection:
    client = docker.DockerClient(base_url=SOCKET, version="1.51")
    return Connection(client, Address(SOCKET), source, FACTS, attempts)


def test_the_card_as_text() -> None:
    card = make_card(connection(Source.EMBEDDED), terminal_host=SOCKET)
    assert repr(card).splitlines() == [
        "dockerlab is connected",
        "  engine    dockerlab's embedded engine 0.1.0 (API 1.51)",
        "  runtime   crun",
        "  storage   overlay",
        "  rights    rootless",
        "  registry  does not answer: stand-ins take the place of images that you do not have",
        f"  address   {SOCKET}",
    ]


def test_the_card_in_chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKERLAB_LANG", "zh")
    card = make_card(connection(Source.EMBEDDED), terminal_host=SOCKET)
    assert repr(card).startswith("dockerlab 已连接\n")


def test_terminals_that_would_go_elsewhere_are_told() -> None:
    there = make_card(connection(Source.EMBEDDED), terminal_host="")
    assert there.notes == (f"In a terminal, type first: export DOCKER_HOST={SOCKET}",)
    assert make_card(connection(Source.DEFAULT), terminal_host="").notes == ()


def test_what_was_there_and_passed_over_is_told() -> None:
    socket = Address("unix:///var/run/docker.sock")
    missing = Attempt(Candidate(Source.ROOTLESS, socket), SocketMissing(address=socket))
    forbidden = Attempt(Candidate(Source.DEFAULT, socket), SocketForbidden(address=socket))
    card = make_card(connection(Source.EMBEDDED, missing, forbidden), terminal_host=SOCKET)
    [note] = card.notes
    assert note.startswith("Docker's default socket was passed over. You may not open")


def test_html_is_escaped_and_on_one_line() -> None:
    html = Card("<title>", (("a", "<b>"),), ("<note>",))._repr_html_()
    assert "\n" not in html
    assert "&lt;b&gt;" in html
    assert "<note>" not in html
    assert html.startswith('<div class="dockerlab-card"')
    assert html.endswith("</div>")


def test_no_banner_where_all_is_real() -> None:
    assert make_banner(Provision(real=["centos"])) is None


def test_the_banner_names_the_stand_ins() -> None:
    banner = make_banner(Provision(standins=["centos", "hello-world"], unavailable=["nginx"]))
    assert banner is not None
    assert "centos, hello-world" in repr(banner)
    assert "nginx" in banner._repr_html_()
    assert 'role="note"' in banner._repr_html_()


def test_notes_are_rows_of_the_text_too() -> None:
    card = make_card(connection(Source.EMBEDDED), terminal_host="")
    assert repr(card).splitlines()[-1] == f"  note      {card.notes[0]}"
