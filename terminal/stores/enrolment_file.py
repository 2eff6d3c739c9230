"""How this gate came into service: by which bundle, with which key, and whether the office has confirmed it.

Provisioning writes it before the sync process first starts; from then on the sync process
alone does. The used token stays named for ever, so that a bundle serves once.
"""

from __future__ import annotations

import zlib
from enum import IntEnum, unique
from pathlib import Path
from typing import Final

from msgspec import Struct

from sync.codec import CodecError, decode, encode
from sync.digest import DIGEST_BYTES
from sync.enrolment import MAX_REQUEST_BYTES
from sync.fields import array, member, octets, whole
from sync.keys import PUBLIC_KEY_BYTES
from sync.update import ListVersion
from terminal.stores.database import DamagedError
from terminal.stores.files import Checkpoint, OversizeFileError, pass_by, read_small, write_atomic

FILE_NAME: Final = "enrolment"
TOKEN_FILE: Final = "enrolment.key"  # noqa: S105 - a file's name
"""The token's own key, as `sync.gate_key` writes one, until the office has confirmed."""
FORMAT_VERSION: Final = 1
MAX_USED: Final = 64
"""Bundles that one unit may see in its life."""
MAX_FILE_BYTES: Final = MAX_REQUEST_BYTES + (MAX_USED + 2) * (PUBLIC_KEY_BYTES + 4) + 256
_SEAL_BYTES: Final = 4


@unique
class EnrolmentStage(IntEnum):
    """How far this gate has come; the value is its number in the file."""

    BEGUN = 1
    """The bundle was opened here; a power cut may have left the rest undone."""
    PROVISIONAL = 2
    """The gate works by the bundle's list; the office has not confirmed its key."""
    CONFIRMED = 3
    """The office knows this gate's key."""
    REFUSED = 4
    """The office refuses this key: a person must look."""


_STAGES: Final = {int(one): one for one in EnrolmentStage}


class Enrolment(Struct, frozen=True):
    """Contents of the file."""

    stage: EnrolmentStage
    token: bytes
    """Public half of the token of the bundle that counts now."""
    public: bytes
    """The gate's own key: the only one that this token was used for."""
    bundle_digest: bytes
    request: bytes
    """The signed request; empty while only begun."""
    list_version: ListVersion
    """Of the bundle's list: a newer one proves that the office knows the gate."""
    used: tuple[bytes, ...] = ()
    """Tokens of earlier bundles."""

    def is_provisional(self, in_force: ListVersion | None) -> bool:
        """Whether the office has not confirmed this gate yet, given the list in force."""
        if self.stage is EnrolmentStage.CONFIRMED:
            return False
        return in_force is None or in_force <= self.list_version


def save_enrolment(directory: Path, enrolment: Enrolment, *, checkpoint: Checkpoint = pass_by) -> None:
    """Make it durable, the old or the new; raises ``StoreError``."""
    body = encode(
        [
            FORMAT_VERSION,
            int(enrolment.stage),
            enrolment.token,
            enrolment.public,
            enrolment.bundle_digest,
            enrolment.request,
            enrolment.list_version.epoch,
            enrolment.list_version.revision,
            list(enrolment.used),
        ]
    )
    seal = zlib.crc32(body).to_bytes(_SEAL_BYTES, "big")
    write_atomic(directory / FILE_NAME, body + seal, checkpoint=checkpoint)


def load_enrolment(directory: Path) -> Enrolment | None:
    """Read it; ``None`` for a gate that was set up without a bundle.

    Raises:
        DamagedError: it is there and cannot be believed.
        StoreError: it cannot be read.
    """
    path = directory / FILE_NAME
    try:
        data = read_small(path, max_bytes=MAX_FILE_BYTES)
        return None if data is None else _parse(data)
    except (CodecError, OversizeFileError):
        raise DamagedError(
            f"{path}: damaged; which bundles were used here is not known any more: remove it, and enrol"
            " this gate with a new bundle"
        ) from None


def _parse(data: bytes) -> Enrolment:
    body, seal = data[:-_SEAL_BYTES], data[-_SEAL_BYTES:]
    if zlib.crc32(body).to_bytes(_SEAL_BYTES, "big") != seal:
        raise CodecError("the checksum does not fit")
    row = array(decode(body, max_bytes=MAX_FILE_BYTES, max_depth=2), "enrolment", length=9)
    if row[0] != FORMAT_VERSION:
        raise CodecError("not of a version that is known here")
    return Enrolment(
        member(_STAGES, row[1], "stage"),
        octets(row[2], "token", PUBLIC_KEY_BYTES),
        octets(row[3], "public key", PUBLIC_KEY_BYTES),
        octets(row[4], "bundle digest", DIGEST_BYTES),
        octets(row[5], "request"),
        ListVersion(whole(row[6], "epoch"), whole(row[7], "revision")),
        tuple(octets(one, "used", PUBLIC_KEY_BYTES) for one in array(row[8], "used", at_most=MAX_USED)),
    )
