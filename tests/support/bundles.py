"""Site bundles of the small test estate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from msgspec.structs import replace

from sync.bundle import SealedBundle, seal_bundle
from sync.bundle_code import bundle_key
from sync.bundle_content import BundleContent, sign_content
from sync.keys import SigningKey
from sync.update import ListVersion
from tests.support.estate import (
    CHAIN,
    DAY,
    ESTATE_ID,
    GATE_ID,
    LISTS,
    NOW,
    ROOT,
    first_list,
    key,
    signed_snapshot,
)

CODE: Final = "7K3FD-Q0WXM-9ATR0"
SALT: Final = bytes(range(16))
TOKEN: Final = key("token")
MADE_AT: Final = NOW
NOT_AFTER: Final = NOW + 14 * DAY
KEY: Final = bundle_key(CODE, SALT)
"""Derived once: it is slow on purpose."""

CONTENT: Final = BundleContent(
    estate_id=ESTATE_ID,
    gate_id=GATE_ID,
    name="East gate",
    made_at=MADE_AT,
    not_after=NOT_AFTER,
    replaces=False,
    roots=(ROOT.public,),
    token=TOKEN,
    config=b'[gate]\nname = "East gate"\n',
    first_list=signed_snapshot(first_list(3)),
    minimum=ListVersion(1, 1),
    delegations=CHAIN[1:2],
    withdrawals=None,
)


def claim(content: BundleContent = CONTENT) -> SealedBundle:
    """What stands outside a bundle of this content."""
    return SealedBundle(content.estate_id, content.gate_id, content.not_after, SALT, b"")


def signed(
    content: BundleContent = CONTENT, signer: SigningKey = LISTS, chain: Sequence[bytes] = CHAIN[:1]
) -> bytes:
    """The signed content."""
    return sign_content(content, signer, tuple(chain))


def bundle_file(content: BundleContent = CONTENT, **changes: Any) -> bytes:
    """A bundle's file, with ``changes`` to its content."""
    content = replace(content, **changes)
    return seal_bundle(signed(content), KEY, claim(content))
