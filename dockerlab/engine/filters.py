"""The ``filters`` parameter of Docker's API: which of many things are wanted.

A JSON object from a filter's name to its values, ``{"label": ["a", "b=c"]}``, or in its older form
``{"label": {"a": true}}``.
"""

import re
from collections.abc import Collection, Mapping

import msgspec

from dockerlab.engine.errors import InvalidParameter

_TRUE, _FALSE = frozenset({"1", "true"}), frozenset({"0", "false"})


class Filters(msgspec.Struct, frozen=True):
    """The values asked for, by filter.

    All filters must be met; what a filter's values mean together is said by each method.

    >>> wanted = Filters.from_json('{"label": ["a=1"], "dangling": {"true": true}}')
    >>> wanted.boolean("dangling", default=False), wanted.labels("label", {"a": "1", "b": "2"})
    (True, True)
    """

    fields: Mapping[str, tuple[str, ...]] = {}

    @classmethod
    def from_json(cls, text: str) -> "Filters":
        """Read the parameter; empty text asks for nothing.

        Raises:
            InvalidParameter: it is neither form.

        """
        if not text:
            return cls()
        try:
            raw = msgspec.json.decode(text, type=dict[str, dict[str, bool] | list[str] | None])
        except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
            raise InvalidParameter("invalid filter") from error
        return cls({name: tuple(values or ()) for name, values in raw.items()})

    def check(self, accepted: Collection[str]) -> None:
        """Refuse filters that are not in ``accepted``; raises InvalidParameter."""
        for name in self.fields:
            if name not in accepted:
                raise InvalidParameter(f"invalid filter '{name}'")

    def __contains__(self, name: str) -> bool:
        return name in self.fields

    def values(self, name: str) -> tuple[str, ...]:
        """The values of a filter; none when it was not given."""
        return self.fields.get(name, ())

    def boolean(self, name: str, *, default: bool) -> bool:
        """A filter that is yes or no.

        Raises:
            InvalidParameter: it was given as neither, or as both.

        """
        if name not in self:
            return default
        values = set(self.values(name))
        if not values:
            raise InvalidParameter(f"invalid filter '{name}'")
        if bool(values & _TRUE) == bool(values & _FALSE):
            raise InvalidParameter(f"invalid filter '{name}=[{' '.join(self.values(name))}]'")
        return bool(values & _TRUE)

    def labels(self, name: str, labels: Mapping[str, str]) -> bool:
        """Whether every ``key`` or ``key=value`` asked for is among ``labels``."""
        for wanted in self.values(name):
            key, equals, value = wanted.partition("=")
            if key not in labels or (equals and labels[key] != value):
                return False
        return True

    def exactly(self, name: str, text: str) -> bool:
        """Whether one of the values is ``text``; true when the filter was not given."""
        values = self.values(name)
        return not values or text in values

    def prefix(self, name: str, text: str) -> bool:
        """Whether ``text`` starts with one of the values; true when the filter was not given."""
        values = self.values(name)
        return not values or text.startswith(values)

    def matches(self, name: str, text: str) -> bool:
        """Whether one of the values, a regular expression, is found in ``text``; or was not given.

        A value that is no regular expression matches only itself.
        """
        return self.exactly(name, text) or any(_found(v, text) for v in self.values(name))


def _found(pattern: str, text: str) -> bool:
    try:
        return re.search(pattern, text) is not None
    except re.error:
        return False
