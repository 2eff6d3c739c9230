"""Users and groups, as systemd-sysusers makes them from the same list as the package's.

It works on a copy, so that what comes out is known, and noted, before a file of the machine is touched.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Final

from provisioning.durable import disk_error
from provisioning.errors import ProvisioningError
from provisioning.item_step import ItemStep
from provisioning.items import Edit, File, Item
from provisioning.look import Kind
from provisioning.step import State, cannot
from provisioning.steps._shipped import shipped
from provisioning.visit import Visit

LIST: Final = "sysusers.d/gatehouse.conf"
MODES: Final = {"/etc/shadow": 0o640, "/etc/gshadow": 0o640, "/etc/group": 0o644, "/etc/passwd": 0o644}
"""What systemd-sysusers writes, in our order: a user is made by its line in passwd, so that comes last."""
MEMORY: Final = "/run"
DISTRIBUTION_GROUPS: Final = ("dialout", "input")
"""Debian has them from the start: a system without them was taken apart, and its devices belong to others."""


class AccountsStep(ItemStep):
    """A list of edits; the gate's state belongs to these users."""

    def __init__(self) -> None:
        """Nothing of it depends on the configuration."""
        super().__init__("accounts", "users and groups", _items, holds_state=True)

    def check(self, visit: Visit) -> State:
        """Also whether the machine has the groups to which Debian gives its devices."""
        if missing := missing_groups(visit):
            where = visit.host.path("/etc/group")
            return cannot(
                f"{where}: lacks the group {', '.join(missing)}, which every Debian has; make"
                f" it (groupadd -r {missing[0]}) and look what else is missing"
            )
        return super().check(visit)

    def undo(self, visit: Visit) -> list[str]:
        """The files as they were; where others wrote since, only our names go."""
        told = []
        for path in MODES:
            change = visit.journal.change_of(path)
            if change is None or visit.tree.is_ours(change):
                continue
            kept = change.original.content if change.original.kind is Kind.FILE else ""
            before = visit.journal.kept(kept).decode("utf-8", "surrogateescape") if kept else ""
            visit.tree.rewrite(
                path, without_names(visit.host.text(path), our_names(visit) - names_in(before))
            )
            visit.journal.forget({path})
            told.append(f"{visit.host.path(path)}: was changed by others since; only our names are out")
        return [*told, *super().undo(visit)]


def entries(visit: Visit) -> list[tuple[str, str, str]]:
    """The list's lines (sysusers.d(5)): type, name, and what follows."""
    lines = visit.data.text(LIST).splitlines()
    fields = [line.split() for line in lines if line.strip() and not line.startswith("#")]
    return [(one[0], one[1], one[2] if len(one) > 2 else "") for one in fields]


def our_names(visit: Visit) -> set[str]:
    """Users and groups of the list."""
    return {name for kind, name, _ in entries(visit) if kind in "gu"}


def missing_groups(visit: Visit) -> list[str]:
    """Groups of Debian's own that the machine lacks; a tree without accounts is yet to be filled."""
    if not visit.host.exists("/etc/group"):
        return []
    wanted = {more for kind, _, more in entries(visit) if kind == "m"}
    return [one for one in DISTRIBUTION_GROUPS if one in wanted and visit.host.group_id(one) is None]


def is_complete(visit: Visit) -> bool:
    """Whether every name of the list is in its files, and in the groups it is to be in."""
    texts = {path: visit.host.text(path) for path in MODES}
    users = names_in(texts["/etc/passwd"]) & names_in(texts["/etc/shadow"])
    groups = names_in(texts["/etc/group"]) & names_in(texts["/etc/gshadow"])
    members = {
        (name, fields[0])
        for fields in (line.split(":") for line in texts["/etc/group"].splitlines())
        for name in fields[-1].split(",")
    }
    return all(
        (name in groups) if kind == "g" else (name in users) if kind == "u" else (name, more) in members
        for kind, name, more in entries(visit)
    )


def names_in(text: str) -> set[str]:
    """First fields of an accounts file."""
    return {line.split(":")[0] for line in text.splitlines()}


def without_names(text: str, names: set[str]) -> str:
    """An accounts file without the lines of these names and without their memberships."""
    kept = []
    for line in text.splitlines():
        fields = line.split(":")
        if fields[0] in names:
            continue
        if len(fields) == 4 and fields[3]:
            fields[3] = ",".join(one for one in fields[3].split(",") if one not in names)
        kept.append(":".join(fields))
    return "".join(f"{line}\n" for line in kept)


def _items(visit: Visit) -> list[Item]:
    accounts = [_item(visit, path, text) for path, text in _filled(visit).items()]
    return [*shipped(visit, LIST), *accounts]


def _item(visit: Visit, path: str, text: str) -> Item:
    if not visit.host.exists(path):
        return File(path, text.encode("utf-8", "surrogateescape"), MODES[path])
    new = sorted(names_in(text) - names_in(visit.host.text(path)))
    return Edit(path, lambda _now: text, f"add {', '.join(new)}" if new else "add to their groups")


def _memory() -> str | None:
    """Where a copy of secrets is gone with the power, if we may write there."""
    return MEMORY if os.access(MEMORY, os.W_OK, effective_ids=True) else None


def _without_halves(visit: Visit, path: str) -> str:
    """The file without secrets of ours that have no owner yet: a power cut came between the two files."""
    text = visit.host.text(path)
    main = path.replace("gshadow", "group").replace("shadow", "passwd")
    ownerless = our_names(visit) & names_in(text) - names_in(visit.host.text(main))
    return without_names(text, ownerless) if ownerless else text


def _filled(visit: Visit) -> dict[str, str]:
    """The accounts files as they should be, by path."""
    if is_complete(visit):
        return {path: visit.host.text(path) for path in MODES}
    with tempfile.TemporaryDirectory(prefix="gatehouse-", dir=_memory()) as name:
        scratch = Path(name)
        try:
            (scratch / "etc/sysusers.d").mkdir(parents=True)
            (scratch / "etc/sysusers.d/gatehouse.conf").write_bytes(visit.data.read(LIST))
            for path in MODES:
                if visit.host.exists(path):
                    text = _without_halves(visit, path)
                    (scratch / path[1:]).write_bytes(text.encode("utf-8", "surrogateescape"))
            ran = visit.host.run("systemd-sysusers", f"--root={scratch}", "gatehouse.conf")
            if not ran.ok:
                raise ProvisioningError(f"systemd-sysusers cannot make the users: {ran.output[-500:]}")
            return {
                path: (scratch / path[1:]).read_bytes().decode("utf-8", "surrogateescape") for path in MODES
            }
        except OSError as error:
            raise disk_error(scratch, "cannot be used for a copy of the accounts", error) from error
