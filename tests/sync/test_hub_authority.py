"""Which TLS keys a gate takes for its hub's."""

from __future__ import annotations

import pytest

from sync.chain import Anchor, Withdrawn, known_delegations
from sync.delegation import Role
from sync.hub_authority import authorise_hub
from sync.keys import SigningKey
from sync.link_errors import RefusedIdentityError, WrongHubError
from tests.support.estate import (
    ANCHOR,
    CHAIN,
    ESTATE_ID,
    FOREVER,
    LISTS,
    MANAGER,
    NOW,
    ONLINE,
    ROOT,
    delegate,
    key,
)

STRANGER = key("stranger")
NEW = key("new hub")


def authorise(
    hub: SigningKey,
    *,
    shown: tuple[bytes, ...] = (),
    remembered: tuple[bytes, ...] = CHAIN,
    withdrawn: frozenset[bytes] = frozenset(),
    floor: int = NOW,
    anchor: Anchor = ANCHOR,
) -> None:
    known = Withdrawn(1, withdrawn)
    authorise_hub(anchor, known, known_delegations(anchor, known, remembered, shown), hub.public, floor)


def test_a_key_delegated_as_online_is_the_hubs() -> None:
    authorise(ONLINE)


def test_a_delegation_that_the_hub_shows_counts_like_a_remembered_one() -> None:
    with pytest.raises(WrongHubError, match="unknown_key"):
        authorise(NEW)
    authorise(NEW, shown=(delegate(NEW, Role.ONLINE, 9),))


@pytest.mark.parametrize("floor", [0, NOW, FOREVER - 1])
def test_a_delegation_counts_up_to_the_second_it_ends(floor: int) -> None:
    authorise(ONLINE, floor=floor)


def test_after_a_withdrawal_the_hubs_key_is_refused() -> None:
    with pytest.raises(WrongHubError, match="withdrawn_key"):
        authorise(ONLINE, withdrawn=frozenset({ONLINE.key_id}))


def test_after_its_end_the_hubs_key_is_refused() -> None:
    with pytest.raises(WrongHubError, match="expired_key"):
        authorise(ONLINE, floor=FOREVER)


def test_a_hub_of_other_gates_is_refused() -> None:
    elsewhere = delegate(NEW, Role.ONLINE, 9, gates=frozenset({8, 9}))
    with pytest.raises(WrongHubError, match="role_too_weak"):
        authorise(NEW, shown=(elsewhere,))
    authorise(NEW, shown=(elsewhere,), anchor=Anchor(ESTATE_ID, 8, (ROOT.public,)))


@pytest.mark.parametrize("hub", [LISTS, MANAGER], ids=["list", "manager"])
def test_a_key_of_another_role_is_no_hubs(hub: SigningKey) -> None:
    with pytest.raises(WrongHubError, match="needs an online key"):
        authorise(hub)


@pytest.mark.parametrize("hub", [ROOT, STRANGER], ids=["root", "stranger"])
def test_a_key_that_nobody_delegated_is_no_hubs(hub: SigningKey) -> None:
    with pytest.raises(WrongHubError, match="unknown_key"):
        authorise(hub)


def test_a_key_that_only_shares_the_id_is_refused() -> None:
    chain = known_delegations(ANCHOR, Withdrawn(), CHAIN, ())
    # A collision of ids cannot be made here: the id of a stranger is given to the hub's delegation instead.
    chain[STRANGER.key_id] = chain[ONLINE.key_id]
    with pytest.raises(WrongHubError, match="forgery"):
        authorise_hub(ANCHOR, Withdrawn(), chain, STRANGER.public, NOW)


def test_a_refused_hub_is_a_refused_identity() -> None:
    assert issubclass(WrongHubError, RefusedIdentityError)
    assert WrongHubError.attack == "wrong_hub"
