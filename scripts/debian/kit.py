"""A technician's stick: everything that a gate needs, what to do with it, and how to see that it is whole."""

from __future__ import annotations

import shutil
from hashlib import sha256
from pathlib import Path
from typing import Final

GUIDE: Final = Path(__file__).with_name("guide.txt")
SUMS: Final = "SHA256SUMS"


class KitError(Exception):
    """The stick cannot be made."""


def make_kit(folder: Path, package: Path, bundle: Path | None) -> None:
    """Fill ``folder``. What another kit left there would be installed by mistake: it must be empty.

    Raises:
        KitError: the folder is not empty, or the bundle is not there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise KitError(f"{folder}: is not empty; name a new folder, or empty this one")
    if bundle is not None and not bundle.is_file():
        raise KitError(
            f"{bundle}: there is no such bundle; the office makes it (python -m office bundle GATE)"
        )
    shutil.copyfile(package, folder / package.name)
    if bundle is not None:
        shutil.copyfile(bundle, folder / bundle.name)
    words = {"PACKAGE": package.name, "BUNDLE": bundle.name if bundle is not None else "BUNDLE"}
    guide = GUIDE.read_text("utf-8")
    for word, name in words.items():
        guide = guide.replace(f"@{word}@", name)
    (folder / "GUIDE.txt").write_text(guide, "utf-8")
    sums = [f"{sha256(one.read_bytes()).hexdigest()}  {one.name}\n" for one in sorted(folder.iterdir())]
    (folder / SUMS).write_text("".join(sums), "utf-8")
