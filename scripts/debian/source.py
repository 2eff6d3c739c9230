"""The wheel of our own code as it goes onto gates: without office, bench and tests."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any, Final

PARTS: Final = ("drivers", "sync", "terminal", "provisioning")
COMMANDS: Final = ("gatehouse-terminal", "gatehouse-provision")


def version_of(tree: Path) -> str:
    """What pyproject.toml calls these sources."""
    return str(_project(tree)["version"])


def build_own_wheel(tree: Path, version: str, folder: Path) -> Path:
    """Build the wheel in ``folder``; times in it are those of SOURCE_DATE_EPOCH."""
    source = folder / "source"
    for part in PARTS:
        shutil.copytree(tree / part, source / part, ignore=shutil.ignore_patterns("__pycache__", "vectors"))
    _say_version(source / "terminal/version.py", version)
    (source / "pyproject.toml").write_text(_gate_project(tree, version, source), "utf-8")
    options = ["--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir"]
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel"]
    subprocess.run([*pip, *options, str(folder), str(source)], check=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


def _gate_project(tree: Path, version: str, source: Path) -> str:
    """Our own project file, cut down; what the code needs stands in the package's lock, not here."""
    project = _project(tree)
    scripts = "\n".join(f'{name} = "{project["scripts"][name]}"' for name in COMMANDS)
    packages = sorted(".".join(one.parent.relative_to(source).parts) for one in source.rglob("__init__.py"))
    return f"""\
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
[project]
name = "{project["name"]}"
version = "{version}"
requires-python = "{project["requires-python"]}"
[project.scripts]
{scripts}
[tool.setuptools]
packages = {packages}
"""


def _say_version(file: Path, version: str) -> None:
    """What a gate tells the office is the release that is installed."""
    text, count = re.subn(r'"gatehouse [^"]*"', f'"gatehouse {version}"', file.read_text("utf-8"))
    if count != 1:
        raise ValueError(f'{file}: expected one text "gatehouse VERSION", found {count}')
    file.write_text(text, "utf-8")


def _project(tree: Path) -> dict[str, Any]:
    project: dict[str, Any] = tomllib.loads((tree / "pyproject.toml").read_text("utf-8"))["project"]
    return project
