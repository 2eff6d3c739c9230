"""Enrolment requests of the small test estate."""

from __future__ import annotations

from typing import Any, Final

from msgspec.structs import replace

from sync.enrolment import EnrolmentRequest, sign_enrolment
from sync.keys import SigningKey
from sync.update import ListVersion
from terminal.stores.enrolment_file import Enrolment, EnrolmentStage
from tests.support.bundles import TOKEN
from tests.support.estate import ESTATE_ID, GATE_ID, NOW, key

OWN: Final = key("a gate's own")
REQUEST: Final = EnrolmentRequest(ESTATE_ID, GATE_ID, OWN.public, TOKEN.public, bytes(32), "gate 1.0", NOW)


def signed_request(own: SigningKey = OWN, token: SigningKey = TOKEN, **changes: Any) -> bytes:
    """A request with ``changes``, signed by both keys."""
    request = replace(REQUEST, public=own.public, token=token.public)
    return sign_enrolment(replace(request, **changes), own, token)


ENROLMENT = Enrolment(
    EnrolmentStage.PROVISIONAL,
    TOKEN.public,
    OWN.public,
    bytes(32),
    signed_request(),
    ListVersion(1, 58),
    (bytes(32), bytes(range(32))),
)
