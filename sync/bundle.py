"""The site bundle's file: what the office hands a technician to bring one gate into service.

    gatehouse bundle 1
    [estate, gate, not after, salt, sealed]      msgpack
    SHA-256 of everything before it              finds accidents, before a code is asked for

``sealed`` is `sync.bundle_content` under ChaCha20-Poly1305, with the key that the code
stands for (`sync.bundle_code`) and everything before it as associated data. What stands
in the clear lets a technician see for which gate a bundle is before they type the code.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from msgspec import Struct

from sync.bundle_code import SALT_BYTES
from sync.bundle_errors import (
    DamagedBundleError,
    ForeignEstateError,
    ForeignGateError,
    UnsupportedBundleError,
    WrongCodeError,
)
from sync.codec import CodecError, decode, encode
from sync.delegation import MAX_GATE_ID
from sync.digest import ESTATE_ID_BYTES
from sync.envelope import MAX_ENVELOPE_BYTES
from sync.fields import array, octets, whole

VERSION: Final = 1
MAX_BUNDLE_BYTES: Final = MAX_ENVELOPE_BYTES + (1 << 20)
"""A list as large as they come, and room for the rest."""
_WORD: Final = b"gatehouse bundle "
_FIRST_LINE: Final = b"gatehouse bundle 1\n"
_MAX_FIRST_LINE: Final = len(_WORD) + 12
_SUM_BYTES: Final = 32
_NONCE: Final = bytes(12)
"""A key is used once: its salt is drawn for one bundle."""


class SealedBundle(Struct, frozen=True):
    """A bundle that is whole, and whose content nobody has seen yet: all of this is a claim."""

    estate_id: bytes
    gate_id: int
    not_after: int
    """First UTC second at which it no longer serves."""
    salt: bytes
    sealed: bytes


def seal_bundle(content: bytes, key: bytes, claim: SealedBundle) -> bytes:
    """The bundle's file; ``claim`` without its sealed part says for whom it is."""
    sealed = ChaCha20Poly1305(key).encrypt(_NONCE, content, _associated(claim))
    head = [claim.estate_id, claim.gate_id, claim.not_after, claim.salt, sealed]
    data = _FIRST_LINE + encode(head)
    return data + sha256(data).digest()


def read_bundle(data: bytes) -> SealedBundle:
    """The parts of a bundle's file.

    Raises:
        DamagedBundleError, UnsupportedBundleError: as they say.
    """
    if len(data) > MAX_BUNDLE_BYTES:
        raise DamagedBundleError(f"the file has more than {MAX_BUNDLE_BYTES} bytes, no bundle is that long")
    _check_version(data)
    body, total = data[:-_SUM_BYTES], data[-_SUM_BYTES:]
    if len(body) <= len(_FIRST_LINE) or sha256(body).digest() != total:
        raise DamagedBundleError("the bundle is damaged or cut short: copy it to the stick anew")
    try:
        value = decode(body[len(_FIRST_LINE) :], max_bytes=MAX_BUNDLE_BYTES, max_depth=1, max_items=8)
        row = array(value, "bundle", length=5)
        return SealedBundle(
            octets(row[0], "estate", ESTATE_ID_BYTES),
            whole(row[1], "gate", at_most=MAX_GATE_ID),
            whole(row[2], "not after"),
            octets(row[3], "salt", SALT_BYTES),
            octets(row[4], "sealed"),
        )
    except CodecError as error:
        raise DamagedBundleError(
            f"the bundle is damaged or none ({error}): let the office make it anew"
        ) from None


def check_destination(bundle: SealedBundle, estate_id: bytes | None, gate_id: int | None) -> None:
    """Refuse a bundle of another estate or gate than this one is known to be of; ``None``: of none yet.

    Raises:
        ForeignEstateError, ForeignGateError: as they say.
    """
    if estate_id is not None and bundle.estate_id != estate_id:
        raise ForeignEstateError(
            f"the bundle is for estate {bundle.estate_id.hex()}, this gate belongs to {estate_id.hex()}:"
            " take this estate's bundle"
        )
    if gate_id is not None and bundle.gate_id != gate_id:
        raise ForeignGateError(
            f"the bundle is for gate {bundle.gate_id}, this is gate {gate_id}: take this gate's bundle, or"
            " clear this unit first if it is a spare"
        )


def unseal(bundle: SealedBundle, key: bytes) -> bytes:
    """The content, which has its own signature to be verified; raises ``WrongCodeError``."""
    try:
        return ChaCha20Poly1305(key).decrypt(_NONCE, bundle.sealed, _associated(bundle))
    except InvalidTag:
        raise WrongCodeError(
            "the code does not open this bundle: it is another bundle's code, or somebody changed the"
            " bundle; ask the office for both anew"
        ) from None


def _associated(bundle: SealedBundle) -> bytes:
    return _FIRST_LINE + encode([bundle.estate_id, bundle.gate_id, bundle.not_after, bundle.salt])


def _check_version(data: bytes) -> None:
    line = data[:_MAX_FIRST_LINE].partition(b"\n")[0]
    word, number = line[: len(_WORD)], line[len(_WORD) :]
    if (
        word != _WORD
        or not (number.isascii() and number.isdigit())
        or data[len(line) : len(line) + 1] != b"\n"
    ):
        raise DamagedBundleError("this is no bundle: give the file that the office made, NAME.bundle")
    if int(number) != VERSION:
        raise UnsupportedBundleError(
            f"the bundle is of version {int(number)}, known here is {VERSION}: update this gate's software,"
            " or let the office make the bundle with the older one"
        )
