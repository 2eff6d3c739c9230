"""Bring in a new release; it is rolled back by itself if it is not healthy in time."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Final

from provisioning.cli._answer import EXIT_NO, EXIT_UNAVAILABLE, Outcome, add_common, say
from provisioning.cli._releases import machine_of, monotonic_s, state_of
from provisioning.host import Host
from provisioning.releases import Releases
from provisioning.trial import judge, switch
from provisioning.verdict import LIMIT_S, Ending

LOOK_EVERY_S: Final = 1.0
ONLY_READ: Final = (
    "the system is only read: mount -o remount,rw / first, and run this again; the next boot mounts it"
    " read-only again"
)
WAIT_FOR_VERDICT_S: Final = LIMIT_S + 60


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this command."""
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("package", nargs="?", type=Path, help="the Debian package to install, from the stick")
    what.add_argument("--to", metavar="VERSION", help="switch to a release that is unpacked already")
    what.add_argument(
        "--judge", action="store_true", help="judge the release on trial; for the service manager"
    )
    add_common(parser, dry_run="tell what would be switched, and touch nothing")


def run(arguments: argparse.Namespace) -> int:
    """Switch; 0 once the release serves (a package: once it stood its trial), 1 if it was rolled back."""
    releases = Releases(arguments.root)
    if arguments.judge:
        return say(arguments, lambda: _judge(arguments, releases))
    if arguments.to is not None:
        return say(arguments, lambda: _switch(arguments, releases))
    return say(arguments, lambda: _install(arguments, releases))


def _switch(arguments: argparse.Namespace, releases: Releases) -> Outcome:
    if arguments.dry_run:
        releases.require(arguments.to)
        fields = {"would_switch_to": arguments.to, **state_of(releases)}
        return 0, f"would switch from {releases.current() or 'none'} to {arguments.to}", fields
    switched = switch(releases, arguments.to, machine_of(arguments.root))
    if not switched.changed:
        text = f"release {switched.version} serves already"
    elif switched.on_trial:
        text = f"release {switched.version} is on trial; {switched.before} serves again if it is not healthy"
    else:
        text = f"release {switched.version} is in place"
    return 0, text, {"changed": switched.changed, **state_of(releases)}


def _judge(arguments: argparse.Namespace, releases: Releases) -> Outcome:
    if arguments.dry_run:
        trial = releases.trial()
        if trial is None:
            return 0, "no release is on trial", state_of(releases)
        text = f"would judge release {trial.version}, and go back to {trial.previous} if it is not healthy"
        return 0, text, state_of(releases)
    pause = threading.Event()

    def wait() -> float:
        pause.wait(LOOK_EVERY_S)
        return monotonic_s()

    machine = machine_of(arguments.root)
    if machine is None:
        text = "no service manager runs here: there is nothing to judge"
        return EXIT_UNAVAILABLE, text, {"error": text, **state_of(releases)}
    verdict = judge(releases, machine, wait)
    if verdict is None:
        return 0, "no release is on trial", state_of(releases)
    words = "stays" if verdict.ending is Ending.KEPT else "serves again"
    # Going back is what was to be done then: no error of this service.
    text = f"release {releases.current()} {words}: {verdict.reason}"
    return 0, text, {"ending": verdict.ending.value, "reason": verdict.reason, **state_of(releases)}


def _install(arguments: argparse.Namespace, releases: Releases) -> Outcome:
    package = arguments.package.resolve()
    if arguments.root.resolve() != Path("/"):
        text = (
            f"a package is installed into an image by its own apt: chroot {arguments.root} apt-get install …"
        )
        return EXIT_NO, text, {"error": text}
    if not package.is_file():
        text = f"{package}: there is no such file; is the stick mounted?"
        return EXIT_NO, text, {"error": text}
    if not arguments.dry_run and Host().space("/usr").read_only:
        return EXIT_NO, ONLY_READ, {"error": ONLY_READ}
    before = releases.current()
    failure = _apt(package, simulate=arguments.dry_run, quiet=arguments.json)
    if failure:
        text = f"{package.name} was not installed: {failure}; release {before} goes on serving"
        return EXIT_UNAVAILABLE, text, {"error": text, **state_of(releases)}
    if arguments.dry_run:
        return 0, f"would install {package.name}; release {before} serves now", state_of(releases)
    return _await_verdict(releases, before)


def _apt(package: Path, *, simulate: bool, quiet: bool) -> str:
    """Install a package without network; what went wrong, or nothing."""
    options = ["--simulate"] if simulate else ["--yes"]
    try:
        done = subprocess.run(  # noqa: S603 - Debian's own program, a path that is there
            ["apt-get", "--quiet", "install", *options, str(package)],  # noqa: S607
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if quiet else sys.stderr,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        )
    except OSError as error:
        return f"apt-get: {error.strerror}"
    return "" if done.returncode == 0 else " ".join(done.stderr.split())[-500:]


def _await_verdict(releases: Releases, before: str | None) -> Outcome:
    pause = threading.Event()
    deadline_s = monotonic_s() + WAIT_FOR_VERDICT_S
    while releases.trial() is not None:
        if monotonic_s() >= deadline_s:
            text = "no verdict came: see systemctl status gatehouse-upgrade-check"
            return EXIT_UNAVAILABLE, text, {"error": text, **state_of(releases)}
        pause.wait(LOOK_EVERY_S)
    state, current = state_of(releases), releases.current()
    if current == before and state["refused"] is not None:
        why = state["refused"]["reason"]
        text = f"release {state['refused']['version']} was rolled back: {why}; {current} is in service"
        return EXIT_NO, text, {"error": text, **state}
    return 0, f"release {current} serves", state
