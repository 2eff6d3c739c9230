"""Waiting between dials: by cause, growing, bounded, spread, and never for good."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.backoff import ENROLMENT, IDENTITY, NETWORK, STOOD_S, STRANGER, Backoff, Pace, pace_of
from sync.link_errors import (
    CrowdedError,
    DowngradedTlsError,
    GarbledHandshakeError,
    LinkError,
    LostLinkError,
    NoCertificateError,
    NotAcceptedYetError,
    RefusedByPeerError,
    RefusedIdentityError,
    SerialPortError,
    SlowHandshakeError,
    TamperedStreamError,
    UnfitCertificateError,
    UninvitedTalkError,
    UnknownGateError,
    WrongHubError,
)

PACES = [
    (LostLinkError, NETWORK),
    (SerialPortError, NETWORK),
    (SlowHandshakeError, NETWORK),
    (TamperedStreamError, NETWORK),
    (CrowdedError, NETWORK),
    (UninvitedTalkError, NETWORK),
    (NotAcceptedYetError, ENROLMENT),
    (GarbledHandshakeError, STRANGER),
    (DowngradedTlsError, STRANGER),
    (RefusedIdentityError, IDENTITY),
    (RefusedByPeerError, IDENTITY),
    (WrongHubError, IDENTITY),
    (UnknownGateError, IDENTITY),
    (UnfitCertificateError, IDENTITY),
    (NoCertificateError, IDENTITY),
]
ERRORS = st.sampled_from([kind("told") for kind, _ in PACES])
CHANCES = st.floats(0, 1, exclude_max=True)


def family(kind: type[LinkError]) -> set[type[LinkError]]:
    """The error and all that derive from it."""
    return {kind}.union(*map(family, kind.__subclasses__()))


@pytest.mark.parametrize(("kind", "pace"), PACES)
def test_each_cause_has_its_pace(kind: type[LinkError], pace: Pace) -> None:
    assert pace_of(kind("told")) == pace


def test_no_cause_was_forgotten_and_each_has_a_word_of_its_own() -> None:
    causes = family(LinkError) - {LinkError}
    assert causes == {kind for kind, _ in PACES}
    assert len({kind.attack for kind in causes}) == len(causes)


@pytest.mark.parametrize(
    ("error", "longest"),
    [
        (LostLinkError("told"), [1, 2, 4, 8, 16, 30, 30]),
        (GarbledHandshakeError("told"), [10, 20, 40, 80, 160, 320, 600, 600]),
        (RefusedByPeerError("told"), [60, 120, 240, 480, 960, 1920, 3600, 3600]),
    ],
)
def test_the_wait_doubles_up_to_its_bound(error: LinkError, longest: list[float]) -> None:
    backoff = Backoff()
    for span in longest:
        backoff = backoff.after(error)
        assert backoff.delay_s(0.0) == span / 2
        assert backoff.delay_s(0.999999) == pytest.approx(span, rel=1e-5)


def test_the_first_dial_waits_for_nothing() -> None:
    assert Backoff().delay_s(0.5) == 0.0


def test_another_cause_counts_anew() -> None:
    backoff = Backoff()
    for _ in range(9):
        backoff = backoff.after(RefusedByPeerError("told"))
    assert backoff.after(LostLinkError("told")).delay_s(0.0) == 0.5


def test_a_link_that_stood_counts_anew_and_one_that_fell_at_once_does_not() -> None:
    backoff = Backoff().after(LostLinkError("told")).after(LostLinkError("told"))
    assert backoff.after(LostLinkError("told"), stood_s=STOOD_S).failures == 1
    assert backoff.after(LostLinkError("told"), stood_s=STOOD_S - 1).failures == 3


@given(st.lists(ERRORS, min_size=1, max_size=30), CHANCES)
def test_it_is_retried_for_ever_and_within_the_hour(errors: list[LinkError], chance: float) -> None:
    backoff = Backoff()
    for error in errors:
        backoff = backoff.after(error)
        pace = pace_of(error)
        assert pace.first_s / 2 <= backoff.delay_s(chance) < pace.longest_s <= 3600


def test_years_of_failures_overflow_nothing() -> None:
    assert Backoff(NETWORK, 10**9).delay_s(0.0) == NETWORK.longest_s / 2
