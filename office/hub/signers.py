"""Who signs for the hub: the keys of a key directory, each read once."""

from __future__ import annotations

from typing import Protocol

from office.errors import OfficeError
from office.hub.planner import Powers
from office.keys import KeyDirectory
from sync.delegation import Role
from sync.envelope import ListStatement, UpdateKind, seal
from sync.keys import SigningKey


class Signers(Protocol):
    """Signs statements in a role, where it can."""

    def powers(self, gate_id: int, at: int) -> Powers:
        """Which keys can sign for this gate at this time."""

    def seal(self, statement: ListStatement, role: Role) -> bytes:
        """The signed envelope; raises ``OfficeError`` without the key."""


class NoSigners:
    """`Signers` without any key: for who only looks."""

    def powers(self, _gate_id: int, _at: int) -> Powers:
        """None."""
        return Powers(list_key=False, online_key=False)

    def seal(self, statement: ListStatement, role: Role) -> bytes:
        """Never; raises ``OfficeError``."""
        raise OfficeError(f"gate {statement.gate_id}: no key of role {role.name.lower()} was named")


class DirectorySigners:
    """`Signers` of a key directory, whose sticks come and go; what was on a pulled one is forgotten."""

    def __init__(self, keys: KeyDirectory) -> None:
        self._keys = keys
        self._found: dict[tuple[Role, int], tuple[SigningKey, bytes, int] | None] = {}
        self._stamp = keys.stamp()
        self._withdrawals = keys.signed_withdrawals()

    def look(self) -> bool:
        """Whether keys have come or gone; they are read anew at the next use."""
        stamp = self._keys.stamp()
        if stamp == self._stamp:
            return False
        self._stamp = stamp
        self._found.clear()
        self._withdrawals = self._keys.signed_withdrawals()
        return True

    def powers(self, gate_id: int, at: int) -> Powers:
        """Which keys can sign for this gate at this time."""
        return Powers(
            self._key(Role.LIST, gate_id, at) is not None, self._key(Role.ONLINE, gate_id, at) is not None
        )

    def seal(self, statement: ListStatement, role: Role) -> bytes:
        """The signed envelope; raises ``OfficeError`` without the key."""
        found = self._key(role, statement.gate_id, statement.issued_at)
        if found is None:
            raise OfficeError(
                f"{self._keys.path}: no key of role {role.name.lower()} for gate {statement.gate_id};"
                " plug in its medium, or delegate one with: keys delegate"
            )
        chain = [found[1]]
        if statement.kind is UpdateKind.SNAPSHOT and (
            online := self._key(Role.ONLINE, statement.gate_id, statement.issued_at)
        ):
            chain.append(online[1])  # a whole list can carry it; the first revocation by that key is short
        return seal(statement, [found[0]], delegations=chain, withdrawals=self._withdrawals)

    def _key(self, role: Role, gate_id: int, at: int) -> tuple[SigningKey, bytes] | None:
        name = (role, gate_id)
        if name not in self._found:
            self._found[name] = self._read(role, gate_id, at)
        found = self._found[name]
        return None if found is None or at >= found[2] else found[:2]

    def _read(self, role: Role, gate_id: int, at: int) -> tuple[SigningKey, bytes, int] | None:
        try:
            key, chain = self._keys.signer(role, gate_id, at)
        except OfficeError:
            return None
        ends = [one.not_after for one, data in self._keys.delegations().values() if data == chain]
        return key, chain, ends[0]
