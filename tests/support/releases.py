"""A tree with unpacked releases, and a gate whose health follows from the one that serves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from msgspec import Struct, field

from provisioning.releases import COMPLETE, HOME, Releases
from provisioning.verdict import Look

OLD, NEW = "1.0", "1.1"


class Machine(Struct):
    """A gate whose health is a function of the release that serves."""

    healthy: Callable[[], bool] = lambda: True
    meant_to_run: bool = True
    done: list[str] = field(default_factory=list)
    looks: int = 0
    services: tuple[str, ...] = ()

    def in_service(self) -> bool:
        return self.meant_to_run

    def judged_by(self) -> tuple[str, ...]:
        return self.services

    def look(self, command: Path, services: tuple[str, ...]) -> Look:
        assert services == self.services
        assert command.name == "gatehouse-terminal"
        self.looks += 1
        return Look(float(self.looks), () if self.healthy() else ("down",), "life", 0)

    def restart(self) -> None:
        self.done.append("restart")

    def start_judge(self) -> None:
        self.done.append("judge")


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
