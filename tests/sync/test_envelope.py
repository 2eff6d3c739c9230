"""Envelopes without what their gate has already: the same statement, the same judgement, fewer bytes."""

from __future__ import annotations

import pytest

from sync.content import MemoryContent
from sync.delta import Revoke
from sync.encoding import encode_settings, stored
from sync.envelope import claimed_version, parse_envelope, seal, slim, statement_mark
from sync.publishing import delta, snapshot
from sync.records import RevocationReason
from sync.refusal import MalformedError, UnknownKeyError
from sync.update import ListVersion
from tests.support.estate import (
    ANCHOR,
    CHAIN,
    HERE,
    LISTS,
    NOW,
    ONLINE,
    SETTINGS,
    Gate,
    card,
    resident,
    withdraw,
)

MARKS = {statement_mark(one) for one in CHAIN}


def first() -> tuple[ListVersion, MemoryContent]:
    records = [stored(resident(number)) for number in range(1, 60)]
    return ListVersion(1, 1), MemoryContent(encode_settings(SETTINGS), records)


def revocation(withdrawals: bytes | None = None) -> bytes:
    version, content = first()
    step = Revoke(card(1).key, 1001, RevocationReason.LOST, NOW)
    statement, _ = delta(HERE, (version, content), [step], issued_at=NOW)
    return seal(statement, [ONLINE], delegations=CHAIN, withdrawals=withdrawals)


def gate_with_list() -> Gate:
    version, content = first()
    gate = Gate()
    gate.offer(seal(snapshot(HERE, content, version, issued_at=NOW), [LISTS], delegations=CHAIN), ANCHOR)
    return gate


def test_a_gate_that_knows_the_chain_takes_an_update_without_it() -> None:
    whole = revocation()
    slimmed = slim(whole, MARKS, 0)
    assert len(slimmed) <= 220 < len(whole)
    assert parse_envelope(slimmed).statement == parse_envelope(whole).statement
    gate = gate_with_list()
    gate.offer(slimmed, ANCHOR)
    assert gate.current is not None
    assert gate.current.version == ListVersion(1, 2)


def test_a_gate_that_does_not_know_it_refuses_by_name() -> None:
    version, content = first()
    gate = Gate()
    whole = seal(snapshot(HERE, content, version, issued_at=NOW), [LISTS], delegations=CHAIN)
    with pytest.raises(UnknownKeyError):
        gate.offer(slim(whole, MARKS, 0), ANCHOR)
    gate.offer(slim(whole, set(), 0), ANCHOR)


def test_only_what_is_known_goes() -> None:
    some = {statement_mark(CHAIN[0])}
    assert parse_envelope(slim(revocation(), some, 0)).delegations == CHAIN[1:]


@pytest.mark.parametrize(("known", "stays"), [(0, True), (1, True), (2, False), (3, False)])
def test_newer_withdrawals_always_stay(known: int, stays: bool) -> None:
    withdrawals = withdraw(2, LISTS)
    slimmed = parse_envelope(slim(revocation(withdrawals), MARKS, known))
    assert (slimmed.withdrawals == withdrawals) is stays


def test_what_is_no_envelope_is_refused_and_names_no_version() -> None:
    with pytest.raises(MalformedError):
        slim(b"nonsense", MARKS, 0)
    assert claimed_version(b"nonsense") is None
    assert claimed_version(revocation()) == ListVersion(1, 2)
