"""``python -m provisioning COMMAND``: what a technician does at a gate."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path
from pkgutil import iter_modules
from typing import Final

from provisioning import cli

EXIT_USAGE: Final = 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the process's exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    names = commands()
    if not arguments or arguments[0] not in names:
        return _help(arguments, names)
    name, *rest = arguments
    module = import_module(f"provisioning.cli.{name.replace('-', '_')}")
    parser = argparse.ArgumentParser(prog=f"gatehouse-provision {name}", description=module.__doc__)
    module.add_arguments(parser)
    code: int = module.run(parser.parse_args(rest))
    return code


def make_writable() -> None:
    """Let no work be broken off over what is said of it: a closed output, a locale without arrows."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - to the end
        elif isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")


def commands() -> list[str]:
    """Every command's name: the files of `provisioning.cli` that are not private to it."""
    found = (one.name for one in iter_modules(cli.__path__) if not one.name.startswith("_"))
    return sorted(name.replace("_", "-") for name in found)


def _help(arguments: list[str], names: list[str]) -> int:
    wants_help = arguments[:1] in (["-h"], ["--help"])
    out = sys.stdout if wants_help else sys.stderr
    print("usage: gatehouse-provision COMMAND [options]   (COMMAND --help tells more)\n", file=out)
    for name in names:
        module = import_module(f"provisioning.cli.{name.replace('-', '_')}")
        print(f"  {name:<10} {(module.__doc__ or '').partition(chr(10))[0]}", file=out)
    if arguments and not wants_help:
        print(f"\nno such command: {arguments[0]}", file=out)
    return 0 if wants_help else EXIT_USAGE


if __name__ == "__main__":
    make_writable()
    sys.exit(main())
