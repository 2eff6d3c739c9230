"""Changes of a file tree that can be taken back: each original is in the journal before it is touched."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from msgspec import Struct

from provisioning.durable import (
    disk_error,
    make_directory,
    make_link,
    remove_file,
    remove_temporary,
    write_file,
)
from provisioning.errors import DiskError, ProvisioningError
from provisioning.host import Host
from provisioning.items import BEGIN, Directory, Edit, File, Item, Link, without_block
from provisioning.journal import Change, Journal
from provisioning.look import Kind, Look, digest, look_at


class Wanted(Struct, frozen=True):
    """An item, worked out for this machine."""

    path: str
    """Inside the machine."""
    look: Look | None
    """``None``: its owner is not known yet, an earlier step makes the user."""
    data: bytes = b""
    about: str = ""


class Tree:
    """The files of a machine, changed step by step."""

    def __init__(self, host: Host, journal: Journal) -> None:
        self.host = host
        self.journal = journal

    def differences(self, step: str, items: Iterable[Item]) -> list[str]:
        """What `put` would change, a line each for the technician; nothing is touched."""
        wanted = self._wanted(items)
        told = [self._told(one) for one in wanted if not self._is_there(one)]
        return [*told, *(f"put back {one.path} as it was before" for one in self._stale(step, wanted))]

    def put(self, step: str, items: Iterable[Item]) -> None:
        """Make everything as the items say, and put back what the step no longer wants.

        Raises:
            ProvisioningError: something cannot be written; the journal knows how far it came.
        """
        wanted = self._wanted(items)
        missing = [one for one in wanted if not self._is_there(one)]
        self._intend(step, missing)
        for one in missing:
            self._make(one)
        stale = self._stale(step, wanted)
        for change in stale:
            self._restore(change)
        self.journal.forget({one.path for one in stale})

    def undo(self, step: str) -> list[str]:
        """Put back everything that the step changed; a line for each thing that stays, and why."""
        changes = self.journal.changes_of(step)
        stays = [reason for change in reversed(changes) if (reason := self._restore(change))]
        self.journal.forget({one.path for one in changes})
        return stays

    def is_ours(self, change: Change) -> bool:
        """Whether at that path is what we put there, or what was there before: nobody else changed it."""
        return self._knows(change, look_at(self.host.path(change.path)))

    def rewrite(self, path: str, text: str) -> None:
        """Give a file another text, for good: no original is kept. Mode and owner stay."""
        now = look_at(self.host.path(path))
        owner = (now.uid, now.gid) if self.host.sets_owners else None
        self._build(self.host.path(path), now, owner, text.encode("utf-8", "surrogateescape"))

    def _knows(self, change: Change, now: Look) -> bool:
        if now.kind is Kind.ABSENT or now.content == change.original.content:
            return True
        return not change.mixed and now.content in change.written

    def _wanted(self, items: Iterable[Item]) -> list[Wanted]:
        found: dict[str, Wanted] = {}
        for item in items:
            one = self._work_out(item)
            for parent in self._missing_parents(one.path):
                found.setdefault(parent, self._work_out(Directory(parent)))
            found[one.path] = one
        return list(found.values())

    def _missing_parents(self, path: str) -> list[str]:
        parents = [str(one) for one in PurePosixPath(path).parents]
        return [one for one in reversed(parents) if not self.host.target(one).is_dir()]

    def _work_out(self, item: Item) -> Wanted:
        match item:
            case File(path, data, mode, owner, group):
                return Wanted(path, self._look(Kind.FILE, mode, owner, group, digest(data)), data)
            case Directory(path, mode, owner, group):
                return Wanted(
                    self._inside(self.host.target(path)), self._look(Kind.DIRECTORY, mode, owner, group)
                )
            case Link(path, target):
                return Wanted(path, Look(Kind.LINK, content=target))
            case Edit():
                return self._work_out_edit(item)

    def _work_out_edit(self, item: Edit) -> Wanted:
        path = self.host.target(item.path)
        now = look_at(path)
        try:
            text = item.edit(self.host.text(item.path))
        except ProvisioningError as error:
            raise ProvisioningError(f"{path}: {error}") from error
        data = text.encode("utf-8", "surrogateescape")
        if now.kind is Kind.ABSENT:
            look = self._look(Kind.FILE, 0o644, "root", "root", digest(data))
        else:
            look = Look(Kind.FILE, now.mode, now.uid, now.gid, digest(data))
        return Wanted(self._inside(path), look, data, item.about)

    def _look(self, kind: Kind, mode: int, owner: str, group: str, content: str = "") -> Look | None:
        if not self.host.sets_owners:
            return Look(kind, mode, -1, -1, content)
        uid = 0 if owner == "root" else self.host.user_id(owner)
        gid = 0 if group == "root" else self.host.group_id(group)
        return None if uid is None or gid is None else Look(kind, mode, uid, gid, content)

    def _is_there(self, wanted: Wanted) -> bool:
        look = wanted.look
        if look is None:
            return False
        now = look_at(self.host.path(wanted.path))
        same = (now.kind, now.mode, now.content) == (look.kind, look.mode, look.content)
        return same and (look.uid < 0 or (now.uid, now.gid) == (look.uid, look.gid))

    def _told(self, wanted: Wanted) -> str:
        there = look_at(self.host.path(wanted.path)).kind
        if wanted.about:
            return f"{wanted.path}: {wanted.about}"
        verb = "make" if there is Kind.ABSENT else "change"
        kind = "" if wanted.look is None else f"{wanted.look.kind.value} "
        return f"{verb} {kind}{wanted.path}"

    def _intend(self, step: str, wanted: list[Wanted]) -> None:
        self.journal.intend([self._change(step, one) for one in wanted])

    def _change(self, step: str, wanted: Wanted) -> Change:
        content = "" if wanted.look is None else wanted.look.content
        written = (content,) if content else ()
        known = self.journal.change_of(wanted.path)
        path = self.host.path(wanted.path)
        look = look_at(path)
        if known is not None and self._knows(known, look):
            return Change(step, wanted.path, known.original, written)
        if look.kind is Kind.FILE:
            self.journal.keep(_bytes_of(path))
        if known is not None:
            # What an edit leaves of others' lines would be lost with the original put back.
            return Change(step, wanted.path, known.original, written, mixed=bool(wanted.about))
        return Change(step, wanted.path, look, written)

    def _make(self, wanted: Wanted) -> None:
        path, look = self.host.path(wanted.path), wanted.look
        if look is None:
            raise ProvisioningError(f"{path}: its owner is not among the users of this machine yet")
        if look.kind is not Kind.DIRECTORY and look_at(path).kind is Kind.DIRECTORY:
            raise DiskError(f"{path}: is a directory where a {look.kind.value} must be; move it away")
        owner = None if look.uid < 0 else (look.uid, look.gid)
        self._build(path, look, owner, wanted.data)

    def _build(self, path: Path, look: Look, owner: tuple[int, int] | None, data: bytes) -> None:
        at = self.journal.checkpoint
        match look.kind:
            case Kind.FILE:
                write_file(path, data, mode=look.mode, owner=owner, at=at)
            case Kind.DIRECTORY:
                make_directory(path, mode=look.mode, owner=owner, at=at)
            case Kind.LINK:
                make_link(path, look.content, at=at)
            case Kind.ABSENT:
                remove_file(path, at=at)

    def _stale(self, step: str, wanted: list[Wanted]) -> list[Change]:
        """What the step changed and no longer wants, in the order in which it is put back."""
        paths = {one.path for one in wanted}
        needed = paths | {str(parent) for path in paths for parent in PurePosixPath(path).parents}
        stale: dict[str, Change] = {}
        for one in reversed(self.journal.changes_of(step)):
            if one.path not in needed and self._children(one.path) <= set(stale):
                stale[one.path] = one
        return list(stale.values())

    def _children(self, path: str) -> set[str]:
        """What is in a directory; in anything else there is nothing."""
        there = self.host.path(path)
        if there.is_symlink() or not there.is_dir():
            return set()
        try:
            return {f"{path}/{one.name}" for one in there.iterdir()}
        except OSError as error:
            raise disk_error(there, "cannot be read", error) from error

    def _restore(self, change: Change) -> str | None:
        """Put the original back; why not, where something is not ours to remove."""
        path, original = self.host.path(change.path), change.original
        remove_temporary(path)
        now = look_at(path)
        if now == original:
            return None
        if Kind.DIRECTORY in (now.kind, original.kind):
            return self._restore_directory(path, now, original)
        if not self._knows(change, now):
            return self._strip(path, now)
        owner = (original.uid, original.gid) if self.host.sets_owners else None
        data = self.journal.kept(original.content) if original.kind is Kind.FILE else b""
        if original.kind is not Kind.ABSENT:
            self._rebuild_parents(path)
        self._build(path, original, owner, data)
        return None

    def _restore_directory(self, path: Path, now: Look, original: Look) -> str | None:
        try:
            if original.kind is Kind.ABSENT:
                path.rmdir()
            elif now.kind is original.kind:
                owner = (original.uid, original.gid) if self.host.sets_owners else None
                make_directory(path, mode=original.mode, owner=owner)
            else:
                return f"{path}: is a {now.kind.value} now, was a {original.kind.value}; left as it is"
        except OSError as error:
            if path.is_dir() and any(path.iterdir()):
                return f"{path}: stays, there are files in it"
            raise disk_error(path, "cannot be removed", error) from error
        return None

    def _strip(self, path: Path, now: Look) -> str | None:
        """Take our marked lines out of a file that somebody changed since."""
        text = _bytes_of(path).decode("utf-8", "surrogateescape") if now.kind is Kind.FILE else ""
        if BEGIN not in text:
            return f"{path}: was changed by somebody since; left as it is"
        try:
            rest = without_block(text)
        except ProvisioningError as error:
            raise ProvisioningError(f"{path}: {error}") from error
        self.rewrite(self._inside(path), rest)
        return f"{path}: was changed by somebody since; our lines are out, the rest is left as it is"

    def _rebuild_parents(self, path: Path) -> None:
        if not path.parent.is_dir():
            raise DiskError(
                f"{path}: its directory is gone; make it (mkdir -p {path.parent}), then try again"
            )

    def _inside(self, path: Path) -> str:
        return "/" + str(path.relative_to(self.host.root)) if path != self.host.root else "/"


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise disk_error(path, "cannot be read", error) from error
