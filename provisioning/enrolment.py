"""Bringing a gate into service by its bundle: each piece is made if it is missing, and never twice.

    gate.key         the gate's own key, 0600, made here
    enrolment        which bundle was used here, by which key; before anything else that follows
    enrolment.key    the bundle's token, until the office has confirmed
    gate.toml        where nobody else writes it
    the first list   through the gate's own list store, as `gatehouse-terminal list apply` does
    enrolment        the signed request: from now on the gate works, and asks

A power cut at any write leaves the pieces before it; the same bundle goes on there.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from provisioning.durable import make_directory, write_file
from provisioning.errors import ProvisioningError
from provisioning.host import Host
from provisioning.owner import (
    SYNC_DIR,
    TERMINAL_DIR,
    TERMINAL_USER,
    USER,
    as_owner,
    owner_of,
    refuse_without_users,
    sync_dir,
)
from provisioning.site_bundle import OpenedBundle, floor_here
from provisioning.steps.configuration import MODE as CONFIG_MODE
from provisioning.steps.configuration import PATH as CONFIG_PATH
from sync.bundle_errors import UsedBundleError
from sync.enrolment import EnrolmentRequest, sign_enrolment
from sync.envelope import parse_envelope
from sync.gate_key import KEY_FILE, GateKeyError, load, load_or_make
from sync.memory import TrustMemory
from sync.refusal import ListRefusedError
from sync.statements.authority import Authority
from sync.statements.refusal import StatementError
from sync.update import ListVersion
from terminal.list_updates import take_update
from terminal.stores.enrolment_file import (
    MAX_USED,
    TOKEN_FILE,
    Enrolment,
    EnrolmentStage,
    load_enrolment,
    save_enrolment,
)
from terminal.stores.errors import StoreError
from terminal.stores.files import Checkpoint, pass_by
from terminal.stores.list_store import ListStore

STATE: Final = ((TERMINAL_DIR, TERMINAL_USER), (SYNC_DIR, USER))
STATE_MODE: Final = 0o2770

RandomBytes = Callable[[int], bytes]


class Enrolled(Struct, frozen=True):
    """A gate that was brought into service by a bundle."""

    public: bytes
    request: bytes
    list_version: ListVersion


class Enroller:
    """Carries out one bundle on one machine; keeps nothing between calls."""

    def __init__(
        self,
        host: Host,
        bundle: OpenedBundle,
        today: int | None,
        *,
        software: str,
        random_bytes: RandomBytes = os.urandom,
        checkpoint: Checkpoint = pass_by,
    ) -> None:
        """``today``: the day that the technician confirmed; ``None``: the clock was certain."""
        self._host = host
        self._bundle = bundle
        self._content = bundle.content
        self._today = today
        self._software = software
        self._random_bytes = random_bytes
        self._checkpoint = checkpoint
        self._sync_dir = sync_dir(host)

    def outstanding(self) -> list[str]:
        """What `carry_out` would do, a line each; nothing once this bundle was carried out here.

        Raises:
            UsedBundleError: it was used here before, and not by the key that is here.
            ProvisioningError: what is here cannot be read.
        """
        with as_owner(self._host), _told():
            record = self._record()
            if record is not None and record.token == self._content.token.public:
                return ["go on where a power cut came"] if record.stage is EnrolmentStage.BEGUN else []
            key = load(self._sync_dir / KEY_FILE)
        own = "make this gate's own key" if key is None else "keep this gate's own key"
        return [own, f"take the first list {self._version}", "ask the office to accept the key"]

    def carry_out(self, *, with_config: bool) -> Enrolled:
        """Do what is left; ``with_config``: also write the configuration.

        Raises:
            UsedBundleError: see `outstanding`.
            ProvisioningError: the machine lacks the gate's users, a piece cannot be made, or the list is
                refused; the rest stands.
        """
        refuse_without_users(self._host)
        self._make_directories()
        with as_owner(self._host), _told():
            record = self._begun()
            if record.stage is EnrolmentStage.BEGUN:
                load_or_make(self._sync_dir / TOKEN_FILE, random_bytes=lambda _size: self._content.token.seed)
                self._checkpoint("token kept")
        if with_config:
            self._write_config()
        with as_owner(self._host), _told():
            if record.stage is EnrolmentStage.BEGUN:
                self._take_list()
                record = replace(record, stage=EnrolmentStage.PROVISIONAL, request=self._request())
                save_enrolment(self._sync_dir, record, checkpoint=self._checkpoint)
        return Enrolled(record.public, record.request, record.list_version)

    @property
    def _version(self) -> ListVersion:
        return parse_envelope(self._content.first_list).statement.version

    def _record(self) -> Enrolment | None:
        """What was noted here of bundles, if this one may still be used with it."""
        record = load_enrolment(self._sync_dir)
        token = self._content.token.public
        if record is None:
            return None
        if token in record.used:
            raise UsedBundleError(
                "this bundle was used here, and another one after it: ask the office for a new one"
            )
        key = load(self._sync_dir / KEY_FILE)
        if record.token == token and (key is None or key.public != record.public):
            raise UsedBundleError(
                "this bundle was used here with another key than the one that is here now: ask the office for"
                " a new bundle"
            )
        return record

    def _begun(self) -> Enrolment:
        """The note that this bundle is used here, with the key that is this gate's."""
        record = self._record()
        if record is not None and record.token == self._content.token.public:
            return record
        own = load_or_make(self._sync_dir / KEY_FILE, random_bytes=self._random_bytes).key
        self._checkpoint("key made")
        (self._sync_dir / TOKEN_FILE).unlink(missing_ok=True)
        used = () if record is None else (*record.used, record.token)
        if len(used) > MAX_USED:
            raise ProvisioningError(
                f"{MAX_USED} bundles were used here: clear this unit with: uninstall --purge"
            )
        begun = Enrolment(
            EnrolmentStage.BEGUN,
            self._content.token.public,
            own.public,
            self._bundle.digest,
            b"",
            self._version,
            used,
        )
        save_enrolment(self._sync_dir, begun, checkpoint=self._checkpoint)
        return begun

    def _request(self) -> bytes:
        own = load(self._sync_dir / KEY_FILE)
        if own is None:
            raise ProvisioningError(f"{self._sync_dir / KEY_FILE}: vanished; enrol with a new bundle")
        request = EnrolmentRequest(
            self._content.estate_id,
            self._content.gate_id,
            own.public,
            self._content.token.public,
            self._bundle.digest,
            self._software,
            self._today,
        )
        return sign_enrolment(request, own, self._content.token)

    def _take_list(self) -> None:
        content = self._content
        floor = max(content.made_at, floor_here(self._sync_dir))
        with closing(
            ListStore(
                self._sync_dir,
                estate_id=content.estate_id,
                gate_id=content.gate_id,
                checkpoint=self._checkpoint,
            )
        ) as store:
            take_update(store, content.anchor, content.first_list, floor=floor)
            self._learn(store)

    def _learn(self, store: ListStore) -> None:
        """Remember with the list by which keys this gate knows its hub, and which count no more."""
        current, content = store.current(), self._content
        if current is None:
            return
        memory = TrustMemory.decode(current.memory)
        known = Authority.of(content.anchor, memory).learn(content.delegations, content.withdrawals)
        newer = replace(
            memory,
            delegations=tuple(data for _, data in known.delegations.values()),
            withdrawals_version=known.withdrawn.version,
            withdrawn=known.withdrawn.key_ids,
        )
        if newer != memory:
            store.keep_memory(newer.encode())

    def _write_config(self) -> None:
        if self._host.read(CONFIG_PATH) == self._content.config:
            return
        self._make_parent(self._host.path(CONFIG_PATH).parent)
        owner = owner_of(self._host, "root")
        path = self._host.path(CONFIG_PATH)
        write_file(path, self._content.config, mode=CONFIG_MODE, owner=owner, at=self._checkpoint)

    def _make_directories(self) -> None:
        for inside, user in STATE:
            path = self._host.target(inside)
            self._make_parent(path.parent)
            make_directory(path, mode=STATE_MODE, owner=owner_of(self._host, user), at=self._checkpoint)

    def _make_parent(self, path: Path) -> None:
        try:
            path.mkdir(mode=0o755, parents=True, exist_ok=True)
        except OSError as error:
            raise ProvisioningError(f"{path}: cannot be made ({error.strerror})") from error


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """What the gate's own parts raise, as what a technician is told."""
    try:
        yield
    except ListRefusedError as error:
        raise ProvisioningError(f"the bundle's list is refused ({error.attack}): {error}") from error
    except StatementError as error:
        raise ProvisioningError(
            f"what the bundle says of keys is refused ({error.attack}): {error}"
        ) from error
    except (StoreError, GateKeyError) as error:
        raise ProvisioningError(str(error)) from error
    except OSError as error:
        raise ProvisioningError(f"{error.filename}: {error.strerror}") from error
