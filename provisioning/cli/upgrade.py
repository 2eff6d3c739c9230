"""Bring in a new release; it is rolled back by itself if it is not healthy in time."""

from __future__ import annotations

import argparse
import threading
from pathlib import Path
from typing import Final

from provisioning.cli._answer import EXIT_NO, EXIT_UNAVAILABLE, Outcome, add_common, say
from provisioning.cli._releases import machine_of, monotonic_s, state_of
from provisioning.host import Host
from provisioning.package import install as install_package
from provisioning.package import read_package
from provisioning.releases import Releases
from provisioning.trial import Machine, judge, switch
from provisioning.verdict import LIMIT_S, Ending

EXIT_NOT_TRIED: Final = 3
"""In place, and nobody knows whether it works."""
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
    """Switch; 0 once the release serves (a package: once it stood its trial), 1 if it was rolled back.

    3: a package's release is in place, and there is no gate in service to try it on.
    """
    releases = Releases(arguments.root)
    if arguments.judge:
        return say(arguments, lambda: _judge(arguments, releases))
    if arguments.to is not None:
        return say(arguments, lambda: _switch(arguments, releases))
    return say(arguments, lambda: install(arguments, releases, machine_of(arguments.root)))


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


def install(arguments: argparse.Namespace, releases: Releases, machine: Machine | None) -> Outcome:
    """Install a package and wait for the verdict on its release."""
    path = arguments.package.resolve()
    if refusal := _refusal(arguments, path):
        return EXIT_NO, refusal, {"error": refusal}
    package = read_package(path)
    before, is_tried = releases.current(), machine is not None and machine.in_service()
    failure = install_package(package, simulate=arguments.dry_run, quiet=arguments.json)
    if failure:
        text = f"{path.name} was not installed: {failure}; release {before} goes on serving"
        return EXIT_UNAVAILABLE, text, {"error": text, **state_of(releases)}
    if arguments.dry_run:
        return 0, f"would install {path.name}; release {before} serves now", state_of(releases)
    if not _await_verdict(releases):
        text = "no verdict came: see systemctl status gatehouse-upgrade-check"
        return EXIT_UNAVAILABLE, text, {"error": text, **state_of(releases)}
    return _told(releases, package.version, is_tried=is_tried or before == package.version)


def _refusal(arguments: argparse.Namespace, package: Path) -> str:
    if arguments.root.resolve() != Path("/"):
        return (
            f"a package is installed into an image by its own apt: chroot {arguments.root} apt-get install …"
        )
    if not package.is_file():
        return f"{package}: there is no such file; is the stick mounted?"
    if not arguments.dry_run and Host().space("/usr").read_only:
        return ONLY_READ
    return ""


def _await_verdict(releases: Releases) -> bool:
    pause = threading.Event()
    deadline_s = monotonic_s() + WAIT_FOR_VERDICT_S
    while releases.trial() is not None:
        if monotonic_s() >= deadline_s:
            return False
        pause.wait(LOOK_EVERY_S)
    return True


def _told(releases: Releases, version: str, *, is_tried: bool) -> Outcome:
    """What became of the release ``version``, by which serves now; older verdicts are of no account."""
    state, current, refused = state_of(releases), releases.current(), releases.refused()
    if current == version and is_tried:
        return 0, f"release {version} serves", state
    if current == version:
        text = f"release {version} is in place and was not tried, for this gate is not in service"
        return EXIT_NOT_TRIED, text, {"error": text, **state}
    if refused is not None and refused.version == version:
        text = f"release {version} was rolled back: {refused.reason}; {current} is in service"
        return EXIT_NO, text, {"error": text, **state}
    text = f"release {version} does not serve, {current} does: gatehouse-provision upgrade --to {version}"
    return EXIT_UNAVAILABLE, text, {"error": text, **state}
