"""What a step wants to be there: files, directories, links, and edits of files that others own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from msgspec import Struct

from provisioning.errors import ProvisioningError

ROOT: Final = "root"


class File(Struct, frozen=True):
    """A file that is ours as a whole."""

    path: str
    data: bytes
    mode: int = 0o644
    owner: str = ROOT
    group: str = ROOT


class Directory(Struct, frozen=True):
    """A directory; what is in it is not looked at."""

    path: str
    mode: int = 0o755
    owner: str = ROOT
    group: str = ROOT


class Link(Struct, frozen=True):
    """A symbolic link."""

    path: str
    target: str


class Edit(Struct, frozen=True):
    """A change of a text file that others write too: mode and owner stay, the rest of the text as well."""

    path: str
    edit: Callable[[str], str]
    """The text as it should be, from the text as it is; doing it twice changes nothing more."""
    about: str
    """What the edit does, for the technician."""


Item = File | Directory | Link | Edit

BEGIN: Final = "# gatehouse: begin"
END: Final = "# gatehouse: end"


def with_block(lines: Iterable[str]) -> Callable[[str], str]:
    """An edit that keeps our lines as one marked block at the end of the text."""
    block = "\n".join([f"{BEGIN} (this block is rewritten by gatehouse-provision)", *lines, END]) + "\n"

    def edit(text: str) -> str:
        rest = without_block(text)
        if rest and not rest.endswith("\n"):
            rest += "\n"
        return rest + block

    return edit


def without_block(text: str) -> str:
    """The text without our marked block.

    Raises:
        ProvisioningError: its last line is gone, so that nobody can tell what below it is ours.
    """
    kept: list[str] = []
    inside = False
    for line in text.splitlines(keepends=True):
        if line.startswith(BEGIN):
            inside = True
        elif inside and line.startswith(END):
            inside = False
        elif not inside:
            kept.append(line)
    if inside:
        raise ProvisioningError(
            f"the line {BEGIN!r} has no line {END!r} below it; put it back after our lines"
        )
    return "".join(kept)
