"""A bundle of a working gate, and an empty tree to bring into service with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from msgspec.structs import replace

from provisioning.enrolment import Enrolled, Enroller
from provisioning.host import Host
from provisioning.owner import SYNC_DIR
from provisioning.site_bundle import OpenedBundle, known_here, open_bundle
from sync.bundle_content import BundleContent
from sync.keys import SigningKey
from sync.update import ListVersion
from terminal.stores.enrolment_file import Enrolment, load_enrolment
from terminal.stores.files import Checkpoint, pass_by
from terminal.stores.list_store import ListStore
from tests.support.bundles import CODE, CONTENT, KEY, bundle_file
from tests.support.estate import ESTATE_ID, GATE_ID, NOW
from tests.support.gate_estate import gate_document, toml
from tests.support.inviting import Drawn


def config_text(**gate: Any) -> bytes:
    """The gate's file, for the places where an installed gate keeps its state."""
    document = gate_document(Path("/x"))
    for name in ("state_dir", "control_socket"):
        del document["gate"][name]
    document["gate"] |= gate
    return toml(document).encode()


WORKING: Final[BundleContent] = replace(CONTENT, config=config_text())
FILE: Final = bundle_file(WORKING)


def key_at_hand(_code: str, _salt: bytes) -> bytes:
    """The key of `CODE`, without deriving it each time."""
    return KEY


def opened(host: Host, data: bytes = FILE) -> OpenedBundle:
    """The bundle, as this machine opens it."""
    return open_bundle(data, CODE, known_here(host), key_of=key_at_hand)


def enroller(root: Path, data: bytes = FILE, *, checkpoint: Checkpoint = pass_by, seed: int = 0) -> Enroller:
    """Who enrols the machine at ``root``; ``seed`` makes another key."""
    host = Host(root)
    return Enroller(
        host,
        opened(host, data),
        NOW,
        software="gatehouse under test",
        random_bytes=Drawn(seed),
        checkpoint=checkpoint,
    )


def enrol(root: Path, data: bytes = FILE, **options: Any) -> Enrolled:
    """Enrol it, from the beginning or from where a power cut came."""
    return enroller(root, data, **options).carry_out(with_config=True)


def record_of(root: Path) -> Enrolment:
    """What the gate notes of its enrolment."""
    found = load_enrolment(Host(root).path(SYNC_DIR))
    assert found is not None
    return found


def list_of(root: Path) -> ListVersion | None:
    """The list in force."""
    store = ListStore(Host(root).path(SYNC_DIR), estate_id=ESTATE_ID, gate_id=GATE_ID)
    try:
        current = store.current()
        return None if current is None else current.version
    finally:
        store.close()


def another_bundle(token: SigningKey, **changes: Any) -> bytes:
    """A later bundle of the same gate."""
    return bundle_file(WORKING, token=token, **changes)
