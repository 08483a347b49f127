"""From the engine's events to the sequence of messages that they are evidence of.

Nothing is drawn that nothing speaks for. Each row comes from an event, from the command's own
output ("Unable to find image"), or from `docker inspect`; a row in between two of those, without a
time of its own, is what the Engine API makes necessary (no container starts unless it is asked to).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from dockerlab import messages
from dockerlab.graph import Message, Sequence
from dockerlab.layers import familiar_name, full_name, short, split_registry
from dockerlab.notebook.trace import engine_may_be_gone

if TYPE_CHECKING:
    from dockerlab.notebook.trace import EngineEvent, Watch

CLIENT, ENGINE, REGISTRY, RUNTIME = "client", "engine", "registry", "runtime"
_MOMENT = re.compile(
    r"(?P<second>\d{4}-\d\d-\d\dT[\d:]{8})(\.(?P<fraction>\d+))?(?P<zone>Z|[+-]\d\d:\d\d)$"
)
NOT_FOUND = "Unable to find image"


def tell(watched: Watch) -> Sequence:
    """Return the sequence of messages behind what was watched."""
    told = Storyteller(watched)
    lines = [command.line for command in watched.commands]
    title = messages.text("trace.title", command="; ".join(lines))
    return Sequence(
        title=title if lines else messages.text("trace.title_plain"),
        participants=(
            (CLIENT, messages.text("trace.client")),
            (ENGINE, messages.text("trace.engine")),
            (REGISTRY, told.source()),
            (RUNTIME, messages.text("trace.runtime")),
        ),
        messages=tuple(told.messages()),
    )


class Storyteller:
    """Goes through the events in order and says what each is evidence of."""

    def __init__(self, watched: Watch) -> None:
        self._watched = watched
        self._pulled = {with_tag(each.id) for each in watched.seen("pull")}
        first = watched.events[0].moment if watched.events else watched.began
        # An engine on another machine has a clock of its own: begin with its first event then.
        self._zero = watched.began if 0 <= first - watched.began < 60 else first
        self._tellers: dict[tuple[str, str], Callable[[EngineEvent], Iterator[Message]]] = {
            ("image", "pull"): self._pull,
            ("container", "create"): self._create,
            ("container", "attach"): self._attach,
            ("container", "start"): self._start,
            ("container", "die"): self._die,
            ("container", "kill"): self._kill,
            ("container", "destroy"): self._destroy,
            ("container", "remove"): self._destroy,
            ("image", "tag"): self._named("trace.tagged"),
            ("image", "untag"): self._named("trace.untagged"),
            ("image", "delete"): self._identified("trace.deleted"),
            ("image", "load"): self._identified("trace.loaded"),
            ("image", "import"): self._identified("trace.imported"),
        }

    def messages(self) -> Iterator[Message]:
        """Yield the rows from top to bottom."""
        told = 0
        for event in self._watched.events:
            teller = self._tellers.get((event.type, event.action))
            for message in teller(event) if teller else ():
                told += 1
                yield message
        if not told:
            yield from self._nothing()
        for command in self._watched.commands[-1:]:
            if command.exit_code is not None and command.ended is not None:
                at = self._since(command.ended)
                yield _say(ENGINE, CLIENT, "trace.result", at, code=command.exit_code)

    def source(self) -> str:
        """Return a name for where images came from: the registries that were asked, or a pack.

        An image from a registry has the digest that the registry told; one from a pack has none.
        """
        pulled = [each.id for each in self._watched.seen("pull")]
        found = [self._inspect("image", name) for name in pulled]
        if any(image and not image.get("RepoDigests") for image in found):
            return messages.text("trace.pack")
        hosts = sorted({split_registry(name)[0] for name in pulled})
        if not hosts:
            return messages.text("trace.registry_unnamed")
        return messages.text("trace.registry", host=messages.listed(hosts))

    def _nothing(self) -> Iterator[Message]:
        for command in self._watched.commands:
            missing = command.seen(NOT_FOUND)
            if missing is not None:
                yield _say(CLIENT, ENGINE, "trace.create_any", 0.0)
                yield _say(ENGINE, CLIENT, "trace.missing", self._since(missing), key=True)
        yield _note(ENGINE, "trace.nothing")

    def _pull(self, event: EngineEvent) -> Iterator[Message]:
        image = with_tag(event.id)
        missing = self._said_missing(image)
        if missing is not None:
            yield _say(CLIENT, ENGINE, "trace.create", 0.0, image=image)
            yield _say(ENGINE, CLIENT, "trace.missing", self._since(missing), key=True)
            yield _say(CLIENT, ENGINE, "trace.pull", image=image)
        else:
            yield _say(CLIENT, ENGINE, "trace.pull_wanted", 0.0, image=image)
        yield _say(ENGINE, REGISTRY, "trace.fetch", image=image, key=True)
        at = self._since(event.moment)
        layers = self._layer_count(event.id)
        yield _say(REGISTRY, ENGINE, "trace.fetched", at, layers=layers, key=True)

    def _create(self, event: EngineEvent) -> Iterator[Message]:
        image = with_tag(event.attributes.get("image", ""))
        at = self._since(event.moment)
        yield _say(CLIENT, ENGINE, "trace.create", image=image)
        if image not in self._pulled:
            yield _note(ENGINE, "trace.local", image=image, key=True)
        yield _say(ENGINE, CLIENT, "trace.created", at, id=short(event.id))

    def _attach(self, event: EngineEvent) -> Iterator[Message]:
        yield _say(CLIENT, ENGINE, "trace.attach", self._since(event.moment))

    def _start(self, event: EngineEvent) -> Iterator[Message]:
        yield _say(CLIENT, ENGINE, "trace.start")
        command = self._process(event)
        key = "trace.started" if command else "trace.started_unseen"
        yield _say(ENGINE, RUNTIME, key, self._since(event.moment), command=command, key=True)

    def _die(self, event: EngineEvent) -> Iterator[Message]:
        lines = self._output_lines(event.id)
        if lines:
            yield _say(RUNTIME, CLIENT, "trace.output", lines=lines)
        code = event.attributes.get("exitCode") or event.attributes.get("containerExitCode", "?")
        yield _say(RUNTIME, ENGINE, "trace.ended", self._since(self._end(event)), code=code)

    def _kill(self, event: EngineEvent) -> Iterator[Message]:
        number = event.attributes.get("signal", "?")
        yield _say(ENGINE, RUNTIME, "trace.killed", self._since(event.moment), signal=number)

    def _destroy(self, event: EngineEvent) -> Iterator[Message]:
        yield _note(ENGINE, "trace.destroyed", self._since(event.moment), id=short(event.id))

    def _named(self, key: str) -> Callable[[EngineEvent], Iterator[Message]]:
        def told(event: EngineEvent) -> Iterator[Message]:
            name = familiar_name(event.attributes.get("name", "")) or short(event.id)
            yield _note(ENGINE, key, self._since(event.moment), name=name)

        return told

    def _identified(self, key: str) -> Callable[[EngineEvent], Iterator[Message]]:
        def told(event: EngineEvent) -> Iterator[Message]:
            yield _note(ENGINE, key, self._since(event.moment), id=short(event.id))

        return told

    def _since(self, moment: float) -> float:
        return max(0.0, moment - self._zero)

    def _said_missing(self, image: str) -> float | None:
        name = image.rpartition("/")[2].partition(":")[0]
        for command in self._watched.commands:
            at = command.seen(NOT_FOUND)
            if at is not None and name in command.line:
                return at
        return None

    def _layer_count(self, name: str) -> int | str:
        found = self._inspect("image", name)
        return len(found["RootFS"]["Layers"] or []) if found else "?"

    def _process(self, event: EngineEvent) -> str:
        found = self._inspect("container", event.id)
        if not found:
            return ""  # removed since, as --rm asks
        return " ".join([found["Path"], *(found["Args"] or [])])

    def _output_lines(self, container: str) -> int:
        # --rm takes the container and its log away.
        with engine_may_be_gone():
            return len(self._watched.client.api.logs(container).splitlines())
        return 0

    def _end(self, event: EngineEvent) -> float:
        """Return when the process ended: the engine reports it a little later than that."""
        state = (self._inspect("container", event.id) or {}).get("State") or {}
        ended = parse_moment(state.get("FinishedAt") or "")
        started = max((each.moment for each in self._watched.seen("start")), default=0.0)
        is_this_run = ended is not None and started <= ended <= event.moment
        return ended if ended is not None and is_this_run else event.moment

    def _inspect(self, what: str, name: str) -> dict[str, Any] | None:
        api: Any = self._watched.client.api
        ask = api.inspect_image if what == "image" else api.inspect_container
        with engine_may_be_gone():
            return dict(ask(name))
        return None


def with_tag(name: str) -> str:
    """Return an image's name as people write it, with the tag that is meant when none is written.

    >>> with_tag("docker.io/library/hello-world"), with_tag("quay.io/a:1")
    ('hello-world:latest', 'quay.io/a:1')
    """
    return familiar_name(full_name(name))


def parse_moment(text: str) -> float | None:
    """Return an RFC 3339 moment in seconds since the epoch, None if it is none.

    >>> parse_moment("2026-01-02T03:04:05.123456789Z")
    1767323045.123456
    """
    found = _MOMENT.match(text)
    if not found:
        return None
    # Docker writes nanoseconds, and Python reads six digits of them.
    fraction = f".{found['fraction'][:6]}" if found["fraction"] else ""
    zone = found["zone"].replace("Z", "+00:00")
    return datetime.fromisoformat(f"{found['second']}{fraction}{zone}").timestamp()


def _say(
    sender: str,
    receiver: str,
    text: str,
    seconds: float | None = None,
    *,
    key: bool = False,
    **values: object,
) -> Message:
    return Message(sender, receiver, messages.text(text, **values), seconds, is_key=key)


def _note(
    who: str, text: str, seconds: float | None = None, *, key: bool = False, **values: object
) -> Message:
    return _say(who, who, text, seconds, key=key, **values)
