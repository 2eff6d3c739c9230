"""Delegations and withdrawals: what was signed comes back, everything else is refused."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync import codec
from sync.codec import CodecError
from sync.delegation import (
    Delegation,
    Role,
    Withdrawals,
    parse_delegation,
    parse_withdrawals,
    sign_delegation,
    sign_withdrawals,
)
from sync.keys import DELEGATION_DOMAIN, WITHDRAWALS_DOMAIN
from tests.support.estate import ESTATE_ID, FOREVER, LISTS, NOW, ROOT

EVERYWHERE = Delegation(ESTATE_ID, LISTS.public, Role.LIST, None, NOW, FOREVER, 1)
TIMES = st.integers(0, (1 << 63) - 1)
DELEGATIONS = st.builds(
    Delegation,
    st.binary(min_size=8, max_size=8),
    st.binary(min_size=32, max_size=32),
    st.sampled_from(Role),
    st.none() | st.frozensets(st.integers(0, (1 << 32) - 1), min_size=1, max_size=9),
    TIMES,
    TIMES,
    TIMES,
)


@settings(max_examples=50, deadline=None)
@given(DELEGATIONS)
def test_a_delegation_comes_back_with_its_signature(delegation: Delegation) -> None:
    found, signed = parse_delegation(sign_delegation(delegation, ROOT))
    assert found == delegation
    assert signed.holds(ROOT.public, DELEGATION_DOMAIN)
    assert not signed.holds(LISTS.public, DELEGATION_DOMAIN)
    assert not signed.holds(ROOT.public, WITHDRAWALS_DOMAIN)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 1 << 60), st.frozensets(st.binary(min_size=8, max_size=8), max_size=20))
def test_withdrawals_come_back_with_their_signature(version: int, ids: frozenset[bytes]) -> None:
    statement = Withdrawals(ESTATE_ID, version, ids)
    found, signed = parse_withdrawals(sign_withdrawals(statement, ROOT))
    assert found == statement
    assert signed.holds(ROOT.public, WITHDRAWALS_DOMAIN)


def body(**changes: object) -> bytes:
    row: dict[str, object] = {
        "version": 1,
        "estate": ESTATE_ID,
        "public": LISTS.public,
        "role": 1,
        "gates": None,
        "issued_at": NOW,
        "not_after": FOREVER,
        "serial": 1,
    }
    return codec.encode([codec.encode(list((row | changes).values())), ROOT.key_id, bytes(64)])


@pytest.mark.parametrize(
    "changes",
    [
        {"version": 2},
        {"version": True},
        {"estate": b"short"},
        {"public": bytes(31)},
        {"role": 0},
        {"role": 4},
        {"gates": []},
        {"gates": [2, 1]},
        {"gates": [1, 1]},
        {"gates": [1 << 32]},
        {"gates": list(range(257))},
        {"not_after": -1},
        {"serial": None},
        {"more": 1},
    ],
    ids=str,
)
def test_a_delegation_outside_the_format_is_refused(changes: dict[str, object]) -> None:
    parse_delegation(body())
    with pytest.raises(CodecError):
        parse_delegation(body(**changes))


@pytest.mark.parametrize("ids", [[bytes(7)], [b"bbbbbbbb", b"aaaaaaaa"], [bytes(8)] * 2, [1], None], ids=str)
def test_withdrawals_outside_the_format_are_refused(ids: object) -> None:
    data = codec.encode([codec.encode([1, ESTATE_ID, 1, ids]), ROOT.key_id, bytes(64)])
    with pytest.raises(CodecError):
        parse_withdrawals(data)


def test_a_private_key_never_shows_itself() -> None:
    assert ROOT.seed.hex() not in repr(ROOT)
    assert repr(ROOT.seed)[2:-1] not in repr(ROOT)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_noise_is_no_statement(noise: bytes) -> None:
    for parse in (parse_delegation, parse_withdrawals):
        with pytest.raises(CodecError):
            parse(noise)
    assert EVERYWHERE.covers(1)
