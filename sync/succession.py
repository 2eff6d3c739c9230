"""Which revision may follow which: no way back, no second list of one number, no gap.

The newest list ever in force counts beside the one in force, which may be lost, or an
older one that stands in: nothing older comes first after a loss, nothing of an older
epoch comes at all.
"""

from __future__ import annotations

from msgspec import Struct

from sync.chain import Signers
from sync.envelope import ListStatement, UpdateKind
from sync.refusal import EquivocationError, GapError, RoleTooWeakError, RollbackError
from sync.update import ListVersion


class Current(Struct, frozen=True):
    """The list in force, as a store keeps it beside the content."""

    version: ListVersion
    digest: bytes
    issued_at: int
    memory: bytes
    """`sync.memory.TrustMemory`, from the update that brought this list or a later refusal."""

    def is_of(self, statement: ListStatement) -> bool:
        """Whether it is the list that ``statement`` leads to."""
        return (self.version, self.digest) == (statement.version, statement.digest)


def check_succession(
    statement: ListStatement, current: Current | None, highest: Current | None, signers: Signers
) -> None:
    """Raises the refusal by its name unless ``statement`` may follow; it is not the list in force itself."""
    known = [one for one in (current, highest) if one is not None]
    if not known:
        return  # a gate that never had a list
    for one in known:
        if one.version == statement.version and not one.is_of(statement):
            raise EquivocationError(
                f"revision {statement.version} came with another content than before: two lists were signed"
                " with one number; look who holds the key, and sign a snapshot of a higher revision"
            )
    newest = max(one.version for one in known)
    _check_order(statement.version, known[0].version, newest, signers)
    if current is not None:
        _check_gap(statement, current.version)


def _check_order(version: ListVersion, base: ListVersion, newest: ListVersion, signers: Signers) -> None:
    if version < base or version.epoch < newest.epoch:
        raise RollbackError(
            f"revision {version} is older than {newest}, which this gate has had: send the newest list; after"
            " a restored backup, let the root sign a snapshot of a higher epoch"
        )
    if version.epoch > newest.epoch and not signers.root:
        raise RoleTooWeakError(
            f"revision {version} raises the epoch from {newest.epoch}: only a snapshot which the root"
            " itself signed may do that"
        )


def _check_gap(statement: ListStatement, current: ListVersion) -> None:
    if statement.kind is not UpdateKind.DELTA:
        return
    version = statement.version
    if version.epoch != current.epoch or statement.previous != current.revision:
        raise GapError(
            f"revision {version} is a delta that builds on {version.epoch}.{statement.previous}, in force is"
            f" {current}: send the deltas in between, or a snapshot"
        )
