"""The tree of everything that dockerlab raises, outside the engine.

DockerlabError
├── ConnectionProblem
│   ├── SocketMissing       there is no such socket
│   ├── SocketForbidden     it is there, and may not be opened
│   ├── NothingListens      it is there, and nobody listens behind it
│   ├── NoAnswer            somebody listens, and does not answer in time
│   ├── NotDocker           it answers, and is not a Docker API
│   ├── TLSProblem          the secured connection could not be made
│   ├── AddressUnusable     an address that cannot be used at all (ssh, a typing error)
│   ├── ContextUnknown      the Docker context is not there or not readable
│   ├── EngineAbsent        the engine that was named is not there
│   └── NoEngine            nothing was named and nothing was found
├── LessonProblem           a lesson's cells were run in an order that cannot work
└── StandInProblem          a stand-in image could not be made
"""

from typing import ClassVar

from dockerlab import messages


class DockerlabError(Exception):
    """An error whose text is the sentence that a learner reads, in the learner's language.

    `key` names the sentence in `locales/`, `values` fill its placeholders.
    """

    key: ClassVar[str] = ""

    def __init__(self, key: str | None = None, /, **values: object) -> None:
        self.sentence_key = key or self.key
        self.values = values
        super().__init__(self.sentence_key, values)

    def __str__(self) -> str:
        return messages.text(self.sentence_key, **self.values)

    def _render_traceback_(self) -> list[str]:
        """Show the sentence alone in a notebook: IPython's hook in place of a traceback."""
        return str(self).splitlines()


class ConnectionProblem(DockerlabError):
    """An engine could not be reached."""


class SocketMissing(ConnectionProblem):
    """There is no such socket."""

    key = "connection.socket_missing"


class SocketForbidden(ConnectionProblem):
    """The socket exists and may not be opened by this user."""

    key = "connection.socket_forbidden"


class NothingListens(ConnectionProblem):
    """The socket or port exists and nobody listens behind it."""

    key = "connection.nothing_listens"


class NoAnswer(ConnectionProblem):
    """Somebody listens and does not answer in time."""

    key = "connection.no_answer"


class NotDocker(ConnectionProblem):
    """What answers does not speak the Docker Engine API."""

    key = "connection.not_docker"


class TLSProblem(ConnectionProblem):
    """The secured connection could not be made."""

    key = "connection.tls"


class AddressUnusable(ConnectionProblem):
    """The address cannot be used at all."""

    key = "connection.address_malformed"


class ContextUnknown(ConnectionProblem):
    """The Docker context that is in use is not there or not readable."""

    key = "connection.context_unknown"


class EngineAbsent(ConnectionProblem):
    """The engine that the user named is not there."""

    key = "connection.engine_absent"


class NoEngine(ConnectionProblem):
    """Nothing was named and nothing was found."""

    key = "connection.no_engine"


class LessonProblem(DockerlabError):
    """A lesson's cells were run in an order that cannot work."""


class StandInProblem(DockerlabError):
    """A stand-in image could not be made."""
