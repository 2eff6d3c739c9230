"""``scripts/package`` calls this once the wheels are there: source, tree, package, kit."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from scripts.debian.control import NAME
from scripts.debian.kit import KitError, make_kit
from scripts.debian.source import build_own_wheel, version_of
from scripts.debian.tree import lay_tree

TREE = Path(__file__).parents[2]


def main() -> int:
    """Make what the command line asks for; returns the exit code."""
    arguments = _arguments()
    version = arguments.version or version_of(arguments.tree)
    arguments.output.mkdir(parents=True, exist_ok=True)
    package = arguments.output / f"{NAME}_{version}_{arguments.architecture}.deb"
    with tempfile.TemporaryDirectory() as temporary:
        own = build_own_wheel(arguments.tree, version, Path(temporary, "own"))
        tree = Path(temporary, "tree")
        wheels = [own, *sorted(arguments.work.glob("wheels-*/*.whl"))]
        lay_tree(tree, arguments.tree, wheels, version=version, architecture=arguments.architecture)
        stamp(tree, int(os.environ["SOURCE_DATE_EPOCH"]))
        build(tree, package)
    print(f"{package}: {package.stat().st_size / 1e6:.1f} MB")
    if arguments.kit is not None:
        try:
            make_kit(arguments.kit, package, arguments.bundle)
        except KitError as error:
            print(error, file=sys.stderr)
            return 1
        print(f"{arguments.kit}: ready for the technician")
    return 0


def stamp(tree: Path, epoch_s: int) -> None:
    """Give everything one time: a package made twice of the same sources has the same bytes."""
    for one in [tree, *tree.rglob("*")]:
        os.utime(one, (epoch_s, epoch_s), follow_symlinks=False)


def build(tree: Path, package: Path) -> None:
    """One ``.deb`` of a tree. The wheels in it are compressed already."""
    subprocess.run(
        ["dpkg-deb", "--root-owner-group", "-Zgzip", "--build", str(tree), str(package)],
        check=True,
        stdout=subprocess.DEVNULL,
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/package", description=__doc__)
    parser.add_argument("--version", help="instead of pyproject.toml's")
    parser.add_argument("--tree", type=Path, default=TREE, help="sources of another tree")
    parser.add_argument("--output", type=Path, default=TREE / "build/package", help="where the package goes")
    parser.add_argument("--kit", type=Path, metavar="DIR", help="also make a technician's stick there")
    parser.add_argument("--bundle", type=Path, metavar="FILE", help="the gate's site bundle, for the stick")
    parser.add_argument("--architecture", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--work", type=Path, required=True, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
