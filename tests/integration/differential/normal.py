"""What may differ between two runs of the same command on the same engine, taken out."""

import re

_ID = re.compile(r"(?<![0-9a-f:])[0-9a-f]{64}(?![0-9a-f])")
_SHORT_ID = re.compile(r"(?<![0-9a-f:])[0-9a-f]{12}(?![0-9a-f])")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z| ?[+-]\d\d:?\d\d( UTC)?)?")
_AGE = re.compile(
    r"(Less than a second|About an? \w+|\d+ (second|minute|hour|day|week|month|year)s?)( ago)?"
)
_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")
_OWN_NAME = re.compile(r"^(HOSTNAME=|)[0-9a-f]{12}(?=$|  +\S+ +\")", re.MULTILINE)
"""A container's short ID where it cannot have been learnt: its host name, or a line of `ps`."""
_VOLUMES = re.compile(r"/[^\s:'\"]+/volumes(?=/[\w.-]+/_data)")
"""Where an engine keeps its volumes."""
_GAP = re.compile(r" {2,}")


class Normal:
    """Names the containers of a scenario by the order in which they were made.

    Digests of images (`sha256:…`) stay: both engines must come to the same ones.
    """

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def learn(self, output: str) -> None:
        """Name the IDs that a command printed as its answer, one a line, from now on."""
        for line in output.splitlines():
            if _ID.fullmatch(line) and line not in self._names:
                name = f"<container {len(self._names) // 2 + 1}>"
                self._names |= {line: name, line[:12]: name}

    def learn_image(self, output: str) -> None:
        """Name the image whose ID a command printed: it holds the time of its making."""
        identifier = output.strip().removeprefix("sha256:")
        self._names |= {identifier: "<image>", identifier[:12]: "<image>"}

    def text(self, text: str) -> str:
        """Text without identities, times and ages."""
        text = _DIGEST.sub(lambda match: self._names.get(match[1], match[0]), text)
        text = _ID.sub(lambda match: self._names.get(match[0], "<id>"), text)
        text = _SHORT_ID.sub(lambda match: self._names.get(match[0], match[0]), text)
        text = _OWN_NAME.sub(r"\1<container>", text)
        text = _VOLUMES.sub("<volumes>", text)
        text = _TIME.sub("<time>", text)
        text = _AGE.sub("<age>", text)
        return _GAP.sub("  ", text)
