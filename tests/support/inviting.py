"""An office that invites gates: its store and real keys, and what a gate makes of a bundle."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Final

from msgspec import Struct

from office.hub.facts import Gate, LinkKind
from office.hub.inviting import Asked, MadeBundle, make_bundle
from office.hub.schema import Checkpoint, pass_by
from sync.bundle import read_bundle, unseal
from sync.bundle_code import bundle_key
from sync.bundle_content import BundleContent, open_content
from sync.encoding import encode_settings, stored
from sync.enrolment import EnrolmentRequest, sign_enrolment
from sync.keys import SigningKey
from sync.records import Record
from tests.support.estate import GATE_ID, NOW, SETTINGS, resident
from tests.support.world_office import OfficeSide

CONFIG: Final = b'[gate]\nname = "East gate"\n'


key_of = lru_cache(maxsize=64)(bundle_key)
"""Slow on purpose; each run draws the same codes."""


class Drawn(Struct):
    """Randomness that is another in each draw, and the same in each run."""

    draws: int = 0

    def __call__(self, size: int) -> bytes:
        self.draws += 1
        return sha256(self.draws.to_bytes(4, "big")).digest()[:size]


class InvitingOffice(OfficeSide):
    """An office with one planned gate, which is to have three residents."""

    def __init__(
        self, directory: Path, *, link: LinkKind = LinkKind.NETWORK, checkpoint: Checkpoint = pass_by
    ) -> None:
        super().__init__(directory, 0, checkpoint=checkpoint)
        self.drawn = Drawn()
        address = 1 if link is LinkKind.SERIAL else None
        self.store.gates.add(Gate(GATE_ID, "East gate", b"", link, address, NOW))
        self.put(resident(number) for number in range(1, 4))

    def put(self, records: Iterable[Record]) -> None:
        """Want these at the gate."""
        settings = None if self.store.wanted.content(GATE_ID).settings() else encode_settings(SETTINGS)
        rows = [stored(one) for one in records]
        self.store.wanted.put(GATE_ID, rows, settings=settings, urgent=False, at=self.now_s)

    def bundle(self, *, replaces: bool = False, stolen: bool = False, config: bytes = CONFIG) -> MadeBundle:
        """A bundle for the gate."""
        asked = Asked(GATE_ID, 14, replaces or stolen, stolen)
        return make_bundle(
            self.store,
            self.keys,
            self.publisher,
            asked,
            config,
            at=self.now_s,
            random_bytes=self.drawn,
            key_of=key_of,
        )

    def alarms(self) -> set[str]:
        """Names of everything that was told."""
        return {one.name for one in self.store.diary.alarms()}


def opened(made: MadeBundle) -> BundleContent:
    """What is in a bundle, by its own code."""
    bundle = read_bundle(made.file)
    return open_content(unseal(bundle, key_of(made.code, bundle.salt)), bundle, floor=NOW)


def request_of(made: MadeBundle, own: SigningKey) -> bytes:
    """The request of a gate that was set up by this bundle and made this key."""
    content = opened(made)
    request = EnrolmentRequest(
        content.estate_id,
        content.gate_id,
        own.public,
        content.token.public,
        sha256(made.file).digest(),
        "gate 1.0",
        None,
    )
    return sign_enrolment(request, own, content.token)
