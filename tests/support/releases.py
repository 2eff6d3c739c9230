"""A tree with unpacked releases."""

from __future__ import annotations

from pathlib import Path

from provisioning.releases import COMPLETE, HOME, Releases

OLD, NEW = "1.0", "1.1"


def unpack(root: Path, *versions: str) -> Releases:
    """Whole releases, none of which serves yet."""
    for version in versions:
        folder = root / HOME / "releases" / version
        folder.mkdir(parents=True)
        (folder / COMPLETE).touch()
    return Releases(root)


def serving(root: Path, *, also: tuple[str, ...] = (NEW,)) -> Releases:
    """``OLD`` serves, the others are unpacked."""
    releases = unpack(root, OLD, *also)
    releases.switch(OLD, on_trial=False)
    return releases
