"""How often, and when, a request to a registry is made again."""

import email.utils
import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import aiohttp


@dataclass(frozen=True)
class Patience:
    """How often, and how long apart in seconds, a request is tried again."""

    attempts: int = 4
    first_delay: float = 0.25
    longest_delay: float = 5.0
    longest_retry_after: float = 15.0

    def delay(self, attempt: int) -> float:
        """Before trying again after the attempt of that number, counted from 0."""
        ceiling = min(self.longest_delay, self.first_delay * float(2**attempt))
        # Clients that failed together must not come back together.
        return ceiling * random.uniform(0.5, 1.0)  # noqa: S311


MIRROR_PATIENCE = Patience(attempts=2, longest_retry_after=2.0)


def retry_after(response: "aiohttp.ClientResponse") -> float | None:
    """Seconds that Retry-After asks for (RFC 9110, section 10.2.3): a number or a date."""
    stated = response.headers.get("Retry-After", "").strip()
    if stated.isdigit():
        return float(stated)
    parsed = email.utils.parsedate_tz(stated)
    if parsed is None:
        return None
    return max(0.0, email.utils.mktime_tz(parsed) - time.time())
