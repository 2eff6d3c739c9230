"""How long to wait before dialling again: by what went wrong, ever longer, never for good.

Pure: the caller brings a random number and waits itself. The random part keeps a thousand
gates from calling together after a power cut.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from sync.link_errors import (
    DowngradedTlsError,
    GarbledHandshakeError,
    LinkError,
    NotAcceptedYetError,
    RefusedIdentityError,
)

STOOD_S: Final = 30.0
"""A link that stood this long was a good one; one that falls at once goes on being retried slower."""


class Pace(Struct, frozen=True):
    """The longest first wait, and the longest of all; it doubles in between."""

    first_s: float
    longest_s: float


NETWORK: Final = Pace(1, 30)
"""The network is back any moment, and revocations wait."""
STRANGER: Final = Pace(10, 600)
"""Something else answers at the hub's address. It goes away by itself at best (a portal, a moved cable)."""
IDENTITY: Final = Pace(60, 3600)
"""A person must register or delegate a key; each try is a refusal in somebody's log."""

ENROLMENT: Final = Pace(5, 60)
"""A person at the office compares two fingerprints while a technician waits at the gate."""

_PACES: Final[tuple[tuple[type[LinkError], Pace], ...]] = (
    (RefusedIdentityError, IDENTITY),
    (NotAcceptedYetError, ENROLMENT),
    (GarbledHandshakeError, STRANGER),
    (DowngradedTlsError, STRANGER),
)


def pace_of(error: LinkError) -> Pace:
    """The pace at which this is retried."""
    return next((pace for kind, pace in _PACES if isinstance(error, kind)), NETWORK)


class Backoff(Struct, frozen=True):
    """How often in a row it went wrong in the same way."""

    pace: Pace = NETWORK
    failures: int = 0

    def after(self, error: LinkError, *, stood_s: float = 0.0) -> Backoff:
        """The state after a failure of a link that stood for ``stood_s``; another cause counts anew."""
        pace = pace_of(error)
        goes_on = pace == self.pace and stood_s < STOOD_S
        return Backoff(pace, self.failures + 1 if goes_on else 1)

    def delay_s(self, chance: float) -> float:
        """Seconds to wait, with ``chance`` drawn evenly from [0, 1): half of the span is left to it."""
        if not self.failures:
            return 0.0
        # The exponent is bounded before the power: a gate may fail for years.
        span = min(self.pace.longest_s, self.pace.first_s * 2.0 ** min(self.failures - 1, 32))
        return span * (1 + chance) / 2
