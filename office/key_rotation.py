"""One key takes another's place: a delegated key at once, a root in three steps.

A gate obeys the roots of its own configuration and no others, so a root is replaced by
`new_root` (the gates learn it), `switch_root` (it signs from now on) and `drop_root` (the
gates forget the old one), in this order, with a visit to every gate's file in between.
"""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from office.errors import OfficeError
from office.files import READABLE, write_atomic
from office.key_files import RandomBytes
from office.keys import KeyDirectory
from sync.chain import MAX_ROOTS
from sync.delegation import Delegation, Withdrawals, sign_delegation


class Rotated(Struct, frozen=True):
    """A key in force, and what became of the one before it."""

    delegation: Delegation
    withdrawals: Withdrawals | None
    """``None``: the old key was left in force until its end."""
    old: Delegation


def rotate(
    keys: KeyDirectory,
    old: str,
    new: str,
    *,
    random_bytes: RandomBytes,
    private_in: Path | None,
    issued_at: int,
    not_after: int,
    keep_old: bool,
) -> Rotated:
    """Let ``new``, made unless it is known, take the role and the gates of ``old``."""
    delegations = keys.delegations()
    if old not in delegations:
        raise OfficeError(f"{keys.path}: key {old!r} is not delegated; there is nothing to take over")
    if old == new:
        raise OfficeError("a key does not follow itself: choose a new name for the new key")
    if new in delegations:
        raise OfficeError(f"{keys.path}: key {new!r} has a role already; choose a new name")
    before, _ = delegations[old]
    keys.signing(keys.root_names[0])  # without the root nothing may have happened
    if new not in keys.names:
        keys.create_key(new, random_bytes=random_bytes, private_in=private_in)
    after = keys.delegate(new, before.role, gates=before.gates, issued_at=issued_at, not_after=not_after)
    # The new key first: a stop in between leaves two, never none.
    return Rotated(after, None if keep_old else keys.withdraw(before.key_id), before)


def new_root(keys: KeyDirectory, name: str, *, random_bytes: RandomBytes, private_in: Path | None) -> None:
    """Make a further root; it does not sign yet."""
    names = keys.root_names
    if len(names) >= MAX_ROOTS:
        raise OfficeError(f"a gate obeys {MAX_ROOTS} roots at most; drop one that no gate names any more")
    keys.create_key(name, random_bytes=random_bytes, private_in=private_in)
    _write_roots(keys, (*names, name))


def switch_root(keys: KeyDirectory, name: str, *, at: int) -> list[str]:
    """Let this root sign from now on, and anew whatever is in force; returns the names it delegated.

    May be repeated after a stop: until its end the old root stays the signing one.
    """
    names = keys.root_names
    if name not in names:
        raise OfficeError(f"{keys.path}: {name!r} is no root; make it first with: keys new-root")
    if name == names[0]:
        raise OfficeError(f"{name!r} signs already")
    root = keys.signing(name)
    withdrawn = keys.withdrawals()
    resigned = []
    for other, (delegation, _) in keys.delegations().items():
        if delegation.key_id in withdrawn.key_ids or at >= delegation.not_after:
            continue
        serial = 1 + max(one.serial for one, _ in keys.delegations().values())
        again = replace(delegation, issued_at=at, serial=serial)
        write_atomic(keys.path / f"{other}.delegation", sign_delegation(again, root), mode=READABLE)
        resigned.append(other)
    if withdrawn.version:
        keys.keep_withdrawals(replace(withdrawn, version=withdrawn.version + 1), root)
    _write_roots(keys, (name, *(one for one in names if one != name)))
    return resigned


def drop_root(keys: KeyDirectory, name: str) -> None:
    """Forget a root that no gate names any more; what it signed counts no longer."""
    names = keys.root_names
    if name not in names:
        raise OfficeError(f"{keys.path}: {name!r} is no root")
    if name == names[0]:
        raise OfficeError(f"{name!r} is the signing root; let another one sign first: keys switch-root")
    _write_roots(keys, tuple(one for one in names if one != name))


def _write_roots(keys: KeyDirectory, names: tuple[str, ...]) -> None:
    write_atomic(keys.path / "roots", (" ".join(names) + "\n").encode("ascii"), mode=READABLE)
