"""Site bundles that were made, in the store."""

from __future__ import annotations

from typing import Final

from office.hub.database import Database, Row, or_else_update
from office.hub.facts import Invitation, InvitationState

_COLUMNS: Final = (
    "token, gate_id, made_at, not_after, digest, replaces, state, key, signed, asked_at, decided_at"
)
_ALIVE: Final = (int(InvitationState.OPEN), int(InvitationState.PENDING))


class InvitationRows:
    """`office.hub.port.InvitationBook`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, invitation: Invitation) -> None:
        """Note an invitation, or how far it has come."""
        with self._database.transaction():
            self._database.execute(
                f"INSERT INTO invitations ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
                + or_else_update("token", _COLUMNS),
                (
                    invitation.token,
                    invitation.gate_id,
                    invitation.made_at,
                    invitation.not_after,
                    invitation.digest,
                    invitation.replaces,
                    int(invitation.state),
                    invitation.key,
                    invitation.signed,
                    invitation.asked_at,
                    invitation.decided_at,
                ),
            )

    def by_token(self, token: bytes) -> Invitation | None:
        """The invitation with this token's public half."""
        found = self._read("token = ?", token)
        return found[0] if found else None

    def of_gate(self, gate_id: int) -> list[Invitation]:
        """A gate's invitations, oldest first."""
        return self._read("gate_id = ?", gate_id)

    def accepted_since(self, at: int) -> list[Invitation]:
        """Those whose key was accepted at this time or later."""
        return self._read("state = ? AND decided_at >= ?", int(InvitationState.ACCEPTED), at)

    def alive(self) -> list[Invitation]:
        """Those that wait for a key, or for a person's decision on one."""
        return self._read("state IN (?, ?)", *_ALIVE)

    def _read(self, where: str, *values: object) -> list[Invitation]:
        rows = self._database.all(
            f"SELECT {_COLUMNS} FROM invitations WHERE {where} ORDER BY made_at, token", values
        )
        return [_invitation(one) for one in rows]


def _invitation(row: Row) -> Invitation:
    token, gate_id, made_at, not_after, digest, replaces, state, *rest = row
    return Invitation(
        token, gate_id, made_at, not_after, digest, bool(replaces), InvitationState(state), *rest
    )
