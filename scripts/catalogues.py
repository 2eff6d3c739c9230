"""The translations: extracted by Django's makemessages, compiled by msgfmt (`scripts/translations`).

Chinese is written by people; English stands in the sources and needs no catalogue. Compiled files lie in
the repository, so that an installed office needs no gettext; `--check` and a test hold them to the sources.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
OFFICE: Final = ROOT / "office"
CURE: Final = "run scripts/translations"
LANGUAGES: Final = ("zh_Hans",)


def main(arguments: Sequence[str]) -> int:
    """0 if everything is translated and up to date (afterwards, unless only checked)."""
    if "--check" not in arguments:
        update(OFFICE)
    found = problems(OFFICE)
    for one in found:
        sys.stderr.write(f"translations: {one}\n")
    return bool(found)


def update(office: Path) -> None:
    """Bring .po and .mo in line with sources and templates."""
    _extract(office)
    for language in LANGUAGES:
        catalogue = _catalogue(office, language)
        _run("msgfmt", "--check", "-o", str(catalogue.with_suffix(".mo")), str(catalogue))


def problems(office: Path) -> list[str]:
    """What is out of date, not translated, fuzzy, or compiled from something else; one line each."""
    found = []
    with tempfile.TemporaryDirectory() as directory:
        fresh = Path(directory) / office.name
        shutil.copytree(office, fresh, ignore=shutil.ignore_patterns("__pycache__"))
        _extract(fresh)
        for language in LANGUAGES:
            kept, made = _catalogue(office, language), _catalogue(fresh, language)
            if _content(kept) != _content(made):
                found.append(f"{kept.name} of {language} is not what the sources say; {CURE}")
            for wanting in ("--untranslated", "--only-fuzzy"):
                ids = [one for one in _attributes(made, wanting).splitlines() if one.startswith("msgid ")]
                found += [f"{language} {wanting[2:]}: {one}" for one in ids if one != 'msgid ""']
            compiled = Path(directory) / f"{language}.mo"
            _run("msgfmt", "--check", "-o", str(compiled), str(kept))
            if compiled.read_bytes() != kept.with_suffix(".mo").read_bytes():
                found.append(f"{kept.stem}.mo of {language} is not compiled from its .po; {CURE}")
    return found


def _extract(office: Path) -> None:
    """makemessages over the office's sources and templates; no line numbers, so that merging is easy."""
    options = [one for language in LANGUAGES for one in ("--locale", language)]
    options += ["--no-obsolete", "--add-location", "file", "--no-wrap", "--verbosity", "0"]
    command = [sys.executable, "-m", "django", "makemessages", *options]
    _run(*command, cwd=office)


def _catalogue(office: Path, language: str) -> Path:
    return office / "locale" / language / "LC_MESSAGES" / "django.po"


def _content(catalogue: Path) -> list[str]:
    """A catalogue without its dates."""
    lines = catalogue.read_text("utf-8").splitlines()
    return [one for one in lines if not one.startswith(('"POT-Creation-Date', '"PO-Revision-Date'))]


def _attributes(catalogue: Path, wanted: str) -> str:
    return _run("msgattrib", "--no-wrap", wanted, str(catalogue))


def _run(*command: str, cwd: Path = ROOT) -> str:
    done = subprocess.run(
        command,
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"translations: {' '.join(command[:4])}: {done.stderr.strip()}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
