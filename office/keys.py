"""The key directory: the roots' keys, delegated keys, and what the root signed about them.

    estate.id             8 bytes in hexadecimal
    NAME.key, NAME.pub    a key's two halves (`office.key_files`)
    NAME.delegation       root-signed bytes, for every key but a root's
    withdrawals           root-signed bytes, once a key was withdrawn
    roots                 names of the roots that gates may obey, the signing one first;
                          as long as the first root serves alone there is no such file

For tests and small estates one directory may hold all of them. The root's key belongs on
a medium in a safe, the list key may, the manager's stays on their own computer: without
`NAME.key` a key still serves to build chains, it only cannot sign. ``places`` are where
else private halves may lie, such as a stick. Private keys are never printed.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Final

from msgspec import Struct

from office.errors import OfficeError
from office.files import READABLE, write_atomic
from office.key_files import RandomBytes, check_name, make_pair, read_hex, read_private
from sync.chain import MAX_ROOTS
from sync.codec import CodecError
from sync.delegation import (
    MAX_WITHDRAWN,
    Delegation,
    Role,
    Withdrawals,
    parse_delegation,
    parse_withdrawals,
    sign_delegation,
    sign_withdrawals,
)
from sync.digest import ESTATE_ID_BYTES
from sync.keys import PUBLIC_KEY_BYTES, SigningKey, key_id

ROOT: Final = "root"
"""Name of an estate's first root."""


class KeyDirectory(Struct, frozen=True):
    """One estate's keys in a directory, and on the sticks that are there."""

    path: Path
    places: tuple[Path, ...] = ()

    @classmethod
    def create(
        cls, path: Path, estate_id: bytes, *, random_bytes: RandomBytes, root_in: Path | None = None
    ) -> KeyDirectory:
        """A new directory of mode 0700 with a root key; refuses one that holds anything."""
        keys = cls.create_empty(path, estate_id)
        keys.create_key(ROOT, random_bytes=random_bytes, private_in=root_in)
        return keys

    @classmethod
    def create_empty(cls, path: Path, estate_id: bytes) -> KeyDirectory:
        """A new directory of mode 0700 without any key; refuses one that holds anything."""
        if len(estate_id) != ESTATE_ID_BYTES:
            raise OfficeError(f"estate id: needs {ESTATE_ID_BYTES} bytes (16 hexadecimal digits)")
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise OfficeError(f"{path}: exists and is not empty; choose a new directory for the keys")
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.chmod(0o700)
        write_atomic(path / "estate.id", estate_id.hex().encode(), mode=READABLE)
        return cls(path)

    @property
    def estate_id(self) -> bytes:
        """The estate whose keys these are."""
        return read_hex(self.path / "estate.id", ESTATE_ID_BYTES)

    @property
    def names(self) -> tuple[str, ...]:
        """Of every key whose public half is here."""
        return tuple(sorted(path.stem for path in self.path.glob("*.pub")))

    @property
    def root_names(self) -> tuple[str, ...]:
        """The roots that gates may obey; the first one signs."""
        try:
            names = (self.path / "roots").read_text("ascii").split()
        except FileNotFoundError:
            return (ROOT,)
        except ValueError:
            names = []
        if not 1 <= len(names) <= MAX_ROOTS:
            raise OfficeError(f"{self.path}/roots: must hold 1 to {MAX_ROOTS} names; restore it from a copy")
        return tuple(names)

    @property
    def roots(self) -> tuple[bytes, ...]:
        """Their public keys: what a gate's configuration may name."""
        return tuple(self.public(name) for name in self.root_names)

    def create_key(self, name: str, *, random_bytes: RandomBytes, private_in: Path | None = None) -> None:
        """Make a key pair, its private half here unless told otherwise; a name is used once only."""
        make_pair(self.path, name, private_in=private_in or self.path, random_bytes=random_bytes)

    def adopt(self, name: str, public: bytes) -> None:
        """Take in a key that was made elsewhere: its public half is all that ever comes here.

        May be repeated after a stop.
        """
        check_name(name)
        if (self.path / f"{name}.pub").exists():
            if self.public(name) == public:
                return
            raise OfficeError(f"{self.path}: has a key {name!r} already; choose another name")
        for known in self.names:
            if self.public(known) == public:
                raise OfficeError(f"{self.path}: knows this key as {known!r}; one key serves in one role")
        write_atomic(self.path / f"{name}.pub", public.hex().encode(), mode=READABLE)

    def public(self, name: str) -> bytes:
        """The public key of this name."""
        return read_hex(self.path / f"{name}.pub", PUBLIC_KEY_BYTES)

    def private_path(self, name: str) -> Path | None:
        """Where the private key of this name is now; ``None`` if it is on no medium that is there."""
        found = (place / f"{name}.key" for place in (self.path, *self.places))
        return next((path for path in found if path.exists()), None)

    def stamp(self) -> tuple[tuple[str, int, int], ...]:
        """Changes when a key, a delegation or a withdrawal comes, goes or is written, also on a stick."""
        found = []
        for place in (self.path, *self.places):
            for path in (*place.glob("*.key"), *place.glob("*.delegation"), place / "withdrawals"):
                with contextlib.suppress(OSError):  # a stick may be pulled meanwhile
                    status = path.stat()
                    found.append((str(path), status.st_mtime_ns, status.st_size))
        return tuple(sorted(found))

    def signing(self, name: str) -> SigningKey:
        """The private key of this name; refuses one that others may read."""
        public, path = self.public(name), self.private_path(name)
        if path is None:
            raise OfficeError(
                f"{self.path}: the private key {name!r} is not here: insert the stick that holds {name}.key"
                " and name its directory with --keys"
            )
        key = read_private(path)
        if key.public != public:
            raise OfficeError(
                f"{path}: does not fit {name}.pub of this estate; insert the right stick, or restore the file"
            )
        return key

    def delegate(
        self, name: str, role: Role, *, gates: frozenset[int] | None, issued_at: int, not_after: int
    ) -> Delegation:
        """Let the root delegate a key; a later delegation of the same key replaces the first."""
        if not_after <= issued_at:
            raise OfficeError("a delegation must end after it begins; give a later end")
        if name in self.root_names:
            raise OfficeError(f"{name!r} is a root: it may do everything and is delegated nothing")
        if key_id(self.public(name)) in self.withdrawals().key_ids:
            raise OfficeError(f"key {name!r} was withdrawn; delegate a new key")
        # Rises also if the clock steps back, and when an old delegation's file was lost.
        serial = max([issued_at, *(one.serial + 1 for one, _ in self.delegations().values())])
        delegation = Delegation(self.estate_id, self.public(name), role, gates, issued_at, not_after, serial)
        signed = sign_delegation(delegation, self.signing(self.root_names[0]))
        write_atomic(self.path / f"{name}.delegation", signed, mode=READABLE)
        return delegation

    def delegations(self) -> dict[str, tuple[Delegation, bytes]]:
        """Delegations and their signed bytes, by key name."""
        found = {}
        for path in sorted(self.path.glob("*.delegation")):
            data = path.read_bytes()
            try:
                found[path.stem] = (parse_delegation(data)[0], data)
            except CodecError as error:
                raise OfficeError(f"{path}: damaged ({error}); delegate the key again") from None
        return found

    def withdraw(self, withdrawn: bytes) -> Withdrawals:
        """Let the root withdraw a key by its id, in a statement that names all withdrawn ones."""
        if withdrawn in {key_id(one) for one in self.roots}:
            raise OfficeError("a root cannot be withdrawn: replace it at every gate (docs/keys.md)")
        before = self.withdrawals()
        ids = before.key_ids | {withdrawn}
        if len(ids) > MAX_WITHDRAWN:
            raise OfficeError(
                f"{MAX_WITHDRAWN} keys were withdrawn, a statement names no more: replace the root"
                " (docs/keys.md), under a new one the count begins anew"
            )
        after = Withdrawals(self.estate_id, before.version + 1, ids)
        return self.keep_withdrawals(after, self.signing(self.root_names[0]))

    def keep_withdrawals(self, statement: Withdrawals, root: SigningKey) -> Withdrawals:
        """Let a root sign a whole statement, which takes the place of the last one."""
        signed = sign_withdrawals(statement, root)
        write_atomic(self.path / "withdrawals", signed, mode=READABLE)
        return statement

    def withdrawals(self) -> Withdrawals:
        """The last statement; number 0 without keys if there was none."""
        data = self.signed_withdrawals()
        if data is None:
            return Withdrawals(self.estate_id, 0, frozenset())
        try:
            return parse_withdrawals(data)[0]
        except CodecError as error:
            raise OfficeError(f"{self.path}/withdrawals: damaged ({error}); restore the file") from None

    def signed_withdrawals(self) -> bytes | None:
        """The last statement as it travels."""
        try:
            return (self.path / "withdrawals").read_bytes()
        except FileNotFoundError:
            return None

    def in_force(self, role: Role, at: int, gate_id: int | None = None) -> list[str]:
        """Names of the keys that count in this role (at this gate), the newest delegation first."""
        withdrawn = self.withdrawals().key_ids
        usable = [
            (delegation.serial, name)
            for name, (delegation, _) in self.delegations().items()
            if delegation.role is role
            and (gate_id is None or delegation.covers(gate_id))
            and at < delegation.not_after
            and delegation.key_id not in withdrawn
        ]
        return [name for _, name in sorted(usable, reverse=True)]

    def signer(self, role: Role, gate_id: int, at: int) -> tuple[SigningKey, bytes]:
        """A key in force for this role at this gate that can sign here, and its delegation."""
        names = self.in_force(role, at, gate_id)
        for name in names:
            if self.private_path(name) is not None:
                return self.signing(name), self.delegations()[name][1]
        if names:
            raise OfficeError(
                f"{self.path}: no private key of role {role.name.lower()} is here: insert the stick that"
                f" holds {' or '.join(f'{name}.key' for name in names)} and name its directory with --keys"
            )
        raise OfficeError(
            f"{self.path}: no key in force has role {role.name.lower()} at gate {gate_id};"
            " create one with: keys delegate"
        )
