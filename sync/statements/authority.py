"""Whom a gate obeys besides its list: anchor, withdrawals and delegations, verified once.

A session makes one from what the list in force left behind, learns what the hub brings
along, and asks it for each statement: one signature to verify instead of a whole chain.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from sync.chain import Anchor, Withdrawn, known_delegations, newest_withdrawals, usable_delegation
from sync.delegation import Delegation, Role
from sync.keys import verify
from sync.memory import TrustMemory
from sync.refusal import ListRefusedError
from sync.statements.refusal import RoleTooWeakError, WrongSignatureError, as_statement_error


class Authority(Struct, frozen=True):
    """What a statement from the office is judged by."""

    anchor: Anchor
    withdrawn: Withdrawn = Withdrawn()
    delegations: dict[bytes, tuple[Delegation, bytes]] = field(default_factory=dict)
    """By key id, each with its signed bytes; every one was verified."""

    @classmethod
    def of(cls, anchor: Anchor, memory: TrustMemory | None) -> Authority:
        """As of the list in force; ``None`` as long as the gate has none."""
        if memory is None:
            return cls(anchor)
        withdrawn = Withdrawn(memory.withdrawals_version, memory.withdrawn)
        return cls(anchor, withdrawn, known_delegations(anchor, withdrawn, memory.delegations, ()))

    def learn(self, delegations: Sequence[bytes] = (), withdrawals: bytes | None = None) -> Authority:
        """The authority after root-signed bytes from the office; itself if they are known.

        Raises:
            StatementError: one of them is forged, damaged or of another estate.
        """
        known = tuple(data for _, data in self.delegations.values())
        if withdrawals is None and all(one in known for one in delegations):
            return self
        try:
            withdrawn = newest_withdrawals(self.anchor, self.withdrawn, withdrawals)
            found = known_delegations(self.anchor, withdrawn, known, tuple(delegations))
        except ListRefusedError as refused:
            raise as_statement_error(refused) from None
        return replace(self, withdrawn=withdrawn, delegations=found)

    def check(
        self,
        what: str,
        signer: bytes,
        signed: tuple[bytes, bytes, bytes],
        *,
        roles: frozenset[Role],
        floor: int,
    ) -> None:
        """Whether key ``signer`` may state ``what`` and did; ``signed``: domain, body, signature.

        A root may state everything. ``floor`` is UTC seconds surely passed.

        Raises:
            StatementError: the key does not count here and now, or the signature is wrong.
        """
        public, role = self._key(signer, floor)
        if not verify(public, *signed):
            raise WrongSignatureError(
                f"the signature of key {signer.hex()} does not fit the {what}: it was changed on its way or"
                " forged; look who feeds the link"
            )
        if role is not None and role not in roles:
            allowed = " or ".join(sorted(one.name.lower() for one in roles)) or "root"
            raise RoleTooWeakError(
                f"the {what} is signed by key {signer.hex()} of role {role.name.lower()}:"
                f" sign it with a key of role {allowed}"
            )

    def _key(self, signer: bytes, floor: int) -> tuple[bytes, Role | None]:
        root = self.anchor.root(signer)
        if root is not None:
            return root, None
        try:
            delegation = usable_delegation(self.anchor, self.withdrawn, self.delegations, signer, floor)
        except ListRefusedError as refused:
            raise as_statement_error(refused) from None
        return delegation.public, delegation.role
