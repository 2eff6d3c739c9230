"""The key directory: the root's key, delegated keys, and what the root signed about them.

    estate.id             8 bytes in hexadecimal
    NAME.key              private seed in hexadecimal, readable by its owner alone
    NAME.pub              public key in hexadecimal
    NAME.delegation       root-signed bytes, for every key but the root's
    withdrawals           root-signed bytes, once a key was withdrawn

For tests and small estates one directory may hold all of them. The root's key belongs on
a medium in a safe, the manager's on his own computer: without `NAME.key` a key still
serves to build chains, it only cannot sign. Private keys are never printed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from msgspec import Struct

from office.errors import OfficeError
from office.files import PRIVATE, READABLE, write_atomic
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
from sync.digest import ESTATE_ID_BYTES
from sync.keys import PUBLIC_KEY_BYTES, SEED_BYTES, SigningKey, key_id

ROOT: Final = "root"
_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,31}")

RandomBytes = Callable[[int], bytes]
"""A source of cryptographic randomness, such as `secrets.token_bytes`."""


class KeyDirectory(Struct, frozen=True):
    """One estate's keys in a directory."""

    path: Path

    @classmethod
    def create(cls, path: Path, estate_id: bytes, *, random_bytes: RandomBytes) -> KeyDirectory:
        """A new directory of mode 0700 with a root key; refuses one that holds anything."""
        if len(estate_id) != ESTATE_ID_BYTES:
            raise OfficeError(f"estate id: needs {ESTATE_ID_BYTES} bytes (16 hexadecimal digits)")
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise OfficeError(f"{path}: exists and is not empty; choose a new directory for the keys")
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.chmod(0o700)
        keys = cls(path)
        write_atomic(path / "estate.id", estate_id.hex().encode(), mode=READABLE)
        keys.create_key(ROOT, random_bytes=random_bytes)
        return keys

    @property
    def estate_id(self) -> bytes:
        """The estate whose keys these are."""
        return self._hex("estate.id", ESTATE_ID_BYTES)

    def create_key(self, name: str, *, random_bytes: RandomBytes) -> None:
        """Make a key pair; a name is used once only."""
        if not _NAME.fullmatch(name):
            raise OfficeError(f"key name {name!r}: lower-case letters, digits and hyphens, 32 at most")
        if (self.path / f"{name}.pub").exists():
            raise OfficeError(f"{self.path}: has a key {name!r} already; choose another name")
        key = SigningKey(random_bytes(SEED_BYTES))
        write_atomic(self.path / f"{name}.key", key.seed.hex().encode(), mode=PRIVATE)
        write_atomic(self.path / f"{name}.pub", key.public.hex().encode(), mode=READABLE)

    def public(self, name: str) -> bytes:
        """The public key of this name."""
        return self._hex(f"{name}.pub", PUBLIC_KEY_BYTES)

    def signing(self, name: str) -> SigningKey:
        """The private key of this name; refuses one that others may read."""
        path = self.path / f"{name}.key"
        if path.exists() and path.stat().st_mode & 0o077:
            raise OfficeError(f"{path}: other users may read this private key; run chmod 600 on it")
        return SigningKey(self._hex(f"{name}.key", SEED_BYTES))

    def delegate(
        self, name: str, role: Role, *, gates: frozenset[int] | None, issued_at: int, not_after: int
    ) -> Delegation:
        """Let the root delegate a key; a later delegation of the same key replaces the first."""
        if not_after <= issued_at:
            raise OfficeError("a delegation must end after it begins; give a later end")
        if key_id(self.public(name)) in self.withdrawals().key_ids:
            raise OfficeError(f"key {name!r} was withdrawn; delegate a new key")
        # Rises also if the clock steps back, and when an old delegation's file was lost.
        serial = max([issued_at, *(one.serial + 1 for one, _ in self.delegations().values())])
        delegation = Delegation(self.estate_id, self.public(name), role, gates, issued_at, not_after, serial)
        signed = sign_delegation(delegation, self.signing(ROOT))
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
        before = self.withdrawals()
        after = Withdrawals(self.estate_id, before.version + 1, before.key_ids | {withdrawn})
        signed = sign_withdrawals(after, self.signing(ROOT))
        write_atomic(self.path / "withdrawals", signed, mode=READABLE)
        return after

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

    def signer(self, role: Role, gate_id: int, at: int) -> tuple[SigningKey, bytes]:
        """A key in force for this role at this gate that can sign here, and its delegation."""
        withdrawn = self.withdrawals().key_ids
        usable = [
            (delegation.serial, name, data)
            for name, (delegation, data) in self.delegations().items()
            if delegation.role is role
            and delegation.covers(gate_id)
            and at < delegation.not_after
            and delegation.key_id not in withdrawn
            and (self.path / f"{name}.key").exists()
        ]
        if not usable:
            raise OfficeError(
                f"{self.path}: no private key in force has role {role.name.lower()} at gate {gate_id};"
                " create one with: keys delegate"
            )
        _, name, data = max(usable)
        return self.signing(name), data

    def _hex(self, name: str, length: int) -> bytes:
        path = self.path / name
        try:
            data = bytes.fromhex(path.read_text(encoding="ascii"))
        except FileNotFoundError:
            raise OfficeError(f"{path}: no such file; is this the key directory?") from None
        except PermissionError:
            raise OfficeError(f"{path}: not readable by {os.getuid()}; run as the keys' owner") from None
        except ValueError:
            data = b""
        if len(data) != length:
            raise OfficeError(f"{path}: must hold {2 * length} hexadecimal digits; restore it from a copy")
        return data
