"""The site bundle: what it holds comes out again, and everything else is refused by its cause."""

from __future__ import annotations

from hashlib import sha256

import pytest
from msgspec.structs import replace

from sync.bundle import MAX_BUNDLE_BYTES, check_destination, read_bundle, seal_bundle, unseal
from sync.bundle_code import bundle_key, new_code
from sync.bundle_content import FORM, BundleContent, check_end, content_parts, open_content, sign_content
from sync.bundle_errors import (
    BundleError,
    DamagedBundleError,
    ExpiredBundleError,
    ForeignEstateError,
    ForeignGateError,
    UnsignedBundleError,
    UnsupportedBundleError,
    WrongCodeError,
)
from sync.codec import CodecError
from sync.delegation import Role
from sync.keys import SigningKey
from sync.statements.wire import sign_by_office
from sync.update import ListVersion
from tests.support.bundles import CONTENT, KEY, NOT_AFTER, bundle_file, claim, signed
from tests.support.estate import (
    CHAIN,
    DAY,
    FOREVER,
    LISTS,
    MANAGER,
    NOW,
    ONLINE,
    ROOT,
    delegate,
    first_list,
    gate_with,
    key,
    signed_snapshot,
)

FILE = bundle_file()


def opened(data: bytes, *, floor: int = NOW, roots: tuple[bytes, ...] | None = None) -> BundleContent:
    bundle = read_bundle(data)
    return open_content(unseal(bundle, KEY), bundle, floor=floor, roots=roots)


def packed(inner: bytes) -> bytes:
    return seal_bundle(inner, KEY, claim())


def resummed(data: bytes) -> bytes:
    """The bytes with a sum that fits: changed by somebody, not by accident."""
    return data[:-32] + sha256(data[:-32]).digest()


def test_what_was_put_in_comes_out() -> None:
    assert opened(FILE) == CONTENT
    assert opened(FILE, roots=(key("older root").public, ROOT.public)) == CONTENT
    with_withdrawals = replace(CONTENT, replaces=True, withdrawals=b"w", roots=(ROOT.public, key("r").public))
    assert opened(bundle_file(with_withdrawals)) == with_withdrawals


def test_a_root_may_sign_as_well() -> None:
    assert opened(packed(sign_content(CONTENT, ROOT, ()))) == CONTENT


@pytest.mark.parametrize("at", [*range(60), *range(60, len(FILE), 13), *range(len(FILE) - 40, len(FILE))])
def test_damage_at_any_byte_is_damage(at: int) -> None:
    damaged = FILE[:at] + bytes([FILE[at] ^ 0x10]) + FILE[at + 1 :]
    with pytest.raises((DamagedBundleError, UnsupportedBundleError)):
        read_bundle(damaged)


@pytest.mark.parametrize("length", [0, 1, 17, 18, 19, 50, 51, len(FILE) // 2, len(FILE) - 1])
def test_a_bundle_that_was_cut_short_is_damaged(length: int) -> None:
    with pytest.raises(DamagedBundleError):
        read_bundle(FILE[:length])


def test_a_bundle_is_capped_before_it_is_looked_at() -> None:
    with pytest.raises(DamagedBundleError, match="no bundle is that long"):
        read_bundle(bytes(MAX_BUNDLE_BYTES + 1))


@pytest.mark.parametrize("at", [20, 25, 33, 40, 60, 200, len(FILE) - 40])
def test_a_change_by_somebody_who_knows_no_code_opens_under_no_code(at: int) -> None:
    forged = resummed(FILE[:at] + bytes([FILE[at] ^ 1]) + FILE[at + 1 :])
    with pytest.raises((WrongCodeError, DamagedBundleError)):
        opened(forged)


def test_another_bundles_code_does_not_open_it() -> None:
    bundle = read_bundle(FILE)
    other = new_code(lambda size: bytes(range(size)))
    with pytest.raises(WrongCodeError, match="another bundle's code"):
        unseal(bundle, bundle_key(other, bundle.salt))
    with pytest.raises(WrongCodeError):
        unseal(replace(bundle, sealed=b"short"), KEY)


@pytest.mark.parametrize("version", [b"2", b"10", b"0"])
def test_another_version_is_told_as_one(version: bytes) -> None:
    with pytest.raises(UnsupportedBundleError, match="update this gate's software"):
        read_bundle(resummed(FILE.replace(b"bundle 1", b"bundle " + version, 1)))


def test_a_bundle_of_another_place_is_told_before_its_code_is_needed() -> None:
    bundle = read_bundle(FILE)
    check_destination(bundle, None, None)
    check_destination(bundle, bundle.estate_id, bundle.gate_id)
    with pytest.raises(ForeignEstateError):
        check_destination(bundle, b"another!", bundle.gate_id)
    with pytest.raises(ForeignGateError):
        check_destination(bundle, bundle.estate_id, bundle.gate_id + 1)


def test_a_bundle_ends_at_its_second() -> None:
    assert opened(FILE, floor=NOT_AFTER - 1) == CONTENT
    with pytest.raises(ExpiredBundleError, match="last day has passed"):
        opened(FILE, floor=NOT_AFTER)
    with pytest.raises(ExpiredBundleError, match="ended 3 days ago"):
        check_end(CONTENT, NOT_AFTER + 3 * DAY)


@pytest.mark.parametrize(
    ("signer", "chain"),
    [
        (key("stranger"), ()),
        (key("stranger"), CHAIN[:1]),
        (ONLINE, CHAIN[1:2]),
        (MANAGER, CHAIN[2:]),
        (LISTS, ()),
        (LISTS, (delegate(LISTS, Role.LIST, 9, gates=frozenset({99})),)),
        (LISTS, (delegate(LISTS, Role.LIST, 9, until=NOW),)),
    ],
    ids=["stranger", "stranger, honest chain", "online", "manager", "no chain", "other gates", "ended key"],
)
def test_only_the_list_key_and_a_root_may_sign(signer: SigningKey, chain: tuple[bytes, ...]) -> None:
    with pytest.raises(UnsignedBundleError):
        opened(packed(signed(signer=signer, chain=chain)))


def test_a_gate_that_obeys_roots_already_believes_no_others() -> None:
    with pytest.raises(UnsignedBundleError):
        opened(FILE, roots=(key("other root").public,))


def test_who_knows_the_code_and_has_no_key_cannot_repack_it() -> None:
    """The technician: he can open it, and seal something else under the same code."""
    longer = replace(claim(), not_after=FOREVER)
    repacked = seal_bundle(signed(), KEY, longer)
    with pytest.raises(UnsignedBundleError, match="repacked"):
        opened(repacked)
    changed = signed().replace(b'"East gate"', b'"Yeast gat"')
    with pytest.raises(UnsignedBundleError):
        opened(packed(changed))


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "a\nb"},
        {"name": "x" * 65},
        {"not_after": NOW},
        {"roots": ()},
        {"roots": (ROOT.public,) * 2},
        {"roots": tuple(key(str(number)).public for number in range(5))},
        {"config": bytes(256 * 1024 + 1)},
        {"first_list": b""},
        {"first_list": signed_snapshot(first_list(3)), "gate_id": 8},
        {"minimum": ListVersion(1, 2)},
        {"minimum": ListVersion(2, 0)},
        {"delegations": (bytes(5000),)},
        {"withdrawals": bytes(5000)},
    ],
    ids=str,
)
def test_the_office_signs_no_bundle_outside_the_format(wrong: dict[str, object]) -> None:
    with pytest.raises(CodecError):
        signed(replace(CONTENT, **wrong))


def test_a_first_list_must_be_whole() -> None:
    delta = gate_with(first_list(3)).signed_delta([])
    with pytest.raises(CodecError, match="snapshot"):
        signed(replace(CONTENT, first_list=delta))


@pytest.mark.parametrize("inner", [b"", b"\x90", b"\xc4\x00", bytes(100), FILE])
def test_noise_under_the_right_code_is_refused(inner: bytes) -> None:
    with pytest.raises(BundleError):
        opened(packed(inner))


def test_signed_parts_outside_the_format_are_refused() -> None:
    parts = content_parts(CONTENT)
    parts[5] = 1
    with pytest.raises(DamagedBundleError, match="replaces"):
        opened(packed(sign_by_office(FORM, parts, LISTS, CHAIN[:1])))


def test_no_secret_shows_in_a_representation() -> None:
    assert CONTENT.token.seed.hex() not in repr(CONTENT)
    assert repr(CONTENT.token.seed) not in repr(CONTENT)
