"""Everything the engine raises, in one tree.

EngineError
├── InvalidParameter      the request is malformed             (HTTP 400)
├── Unauthorized          a registry wants other credentials   (HTTP 401)
├── Forbidden             never allowed, whatever the state    (HTTP 403)
├── NotFound              the named thing does not exist       (HTTP 404)
├── Conflict              the state of things forbids it now   (HTTP 409)
├── NotModified           it already is as asked               (HTTP 304)
├── TooManyRequests       a registry wants us to come later    (HTTP 429)
├── NotImplementedHere    Docker can do it, this engine cannot (HTTP 501)
├── Unavailable           something it needs does not answer   (HTTP 503)
└── SystemFailure         the machine or a registry failed us  (HTTP 500)
    ├── DataLoss          stored or received bytes are not what they must be
    ├── DiskFull          no space left on the device
    └── StepFailed        a command of a build ended with another code than 0

InvalidParameter
└── CommandFailedToStart  the container's first process could not be started
    ├── CommandNotFound        exit code 127
    └── CommandNotExecutable   exit code 126

The message is the sentence that the user reads. Docker's own wording is used wherever Docker has
one, since clients match on it. The server alone knows the HTTP status of each class.
"""


class EngineError(Exception):
    """Base of all errors of the engine; ``str()`` is the sentence for the user."""


class InvalidParameter(EngineError):
    """The request is malformed."""


class Unauthorized(EngineError):
    """A registry refused the credentials, or wants some."""


class Forbidden(EngineError):
    """Not allowed, whatever the state of things."""


class NotFound(EngineError):
    """The named thing does not exist."""


class Conflict(EngineError):
    """The present state of things forbids it."""


class NotModified(EngineError):
    """Nothing to do: it already is as asked."""


class TooManyRequests(EngineError):
    """A registry's limit is used up; it can be tried again later."""


class NotImplementedHere(EngineError):
    """Docker can do this and the embedded engine cannot (yet)."""


class Unavailable(EngineError):
    """Something that is needed (a registry, a runtime) does not answer."""


class SystemFailure(EngineError):
    """The machine or a registry failed."""


class DataLoss(SystemFailure):
    """Stored or received bytes are not what they must be."""


class DiskFull(SystemFailure):
    """No space is left where the engine keeps its data."""


class StepFailed(SystemFailure):
    """A command of a build ended with another code than 0, which is ``exit_code``."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class CommandFailedToStart(InvalidParameter):
    """The container's first process could not be started."""

    exit_code = 128


class CommandNotFound(CommandFailedToStart):
    """There is no such program in the container."""

    exit_code = 127


class CommandNotExecutable(CommandFailedToStart):
    """The program may not be executed, or is for another machine."""

    exit_code = 126
