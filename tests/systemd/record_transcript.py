"""``python -m tests.systemd.record_transcript``: a technician's visit to a booted container, as it was said.

Writes docs/transcripts/container.md. By hand, when what is said has changed.
"""

from __future__ import annotations

import re
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Final

from scripts.debian.kit import make_kit
from tests.support.bundles import CODE, bundle_file
from tests.support.container import Container, Workshop, plain_tree
from tests.support.gate_package import CONFIG, SERVICES, altered_sources, package, serves
from tests.support.waiting import until

PAGE: Final = Path(__file__).parents[2] / "docs/transcripts/container.md"
NOISE: Final = re.compile(
    r"^(debconf: |Reading |Building |\(Reading |Get:|E: Can not|After this|Preparing |Selecting ).*\n?",
    re.MULTILINE,
)
GATE, SYNC = SERVICES
STICK: Final = "/media/stick"


class Visit:
    """Runs commands in a container and keeps what was typed and said."""

    def __init__(self, container: Container) -> None:
        self.container = container
        self.parts: list[str] = []
        self._began_s = time.monotonic()

    def tell(self, text: str) -> None:
        """A line about what follows."""
        self.parts.append(f"\n{text}\n")

    def type(self, command: str) -> None:
        """Run a command line on the stick, whatever its exit code."""
        began_s = time.monotonic()
        said = self.container.run("sh", "-c", f'cd {STICK}; {command}; echo "[exit code $?]"')
        took = f"[{began_s - self._began_s:5.1f} s]"
        said = NOISE.sub("", re.sub(r"\n\n+", "\n", said)).replace("[exit code 0]", "").strip("\n")
        self.parts.append(f"```console\n{took} # {command}\n{said}\n```")


def main() -> int:
    """Record the page."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "trees").mkdir()
        with Workshop(folder / "trees") as workshop:
            container = Container(workshop.tree("gate", plain_tree()))
            try:
                parts = record(container, folder)
            finally:
                container.cut_power()
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(HEAD + "\n".join(parts) + "\n", "utf-8")
    return 0


HEAD: Final = """\
# A visit to a booted container

Recorded by `python -m tests.systemd.record_transcript`: Debian 12 (systemd 252) booted in a container,
without a network, with simulated hardware. The times in front are seconds since the container had booted;
lines of apt that say nothing are left out.
"""


def record(container: Container, folder: Path) -> list[str]:
    """The whole visit."""
    first = package(folder, "1.0")
    second = package(folder, "1.1")
    broken = altered_sources(folder / "broken", "terminal/cli/gate.py", "raise RuntimeError('went wrong')\n")
    third = package(folder, "1.2", broken)
    stick = container.root / STICK.lstrip("/")
    (folder / "gate.bundle").write_bytes(bundle_file(config=CONFIG.encode()))
    make_kit(stick, first, folder / "gate.bundle")
    for one in (second, third):
        (stick / one.name).write_bytes(one.read_bytes())
    (stick / "code").write_text(CODE)
    container.boot()
    visit = Visit(container)
    into_service(visit, first.name)
    what_may_happen(visit)
    releases(visit, second.name, third.name)
    out_of_service(visit)
    return visit.parts


def into_service(visit: Visit, first: str) -> None:
    visit.tell("## Into service\nThe stick, the package, the bundle; the day and the code by the technician.")
    visit.type("sha256sum -c SHA256SUMS")
    visit.type(f"apt-get -q install --yes ./{first}")
    visit.type("systemctl is-enabled gate.target")
    visit.type(
        "gatehouse-provision apply --board none --bundle gate.bundle --code-file code --today 2027-01-16"
    )
    visit.type("gatehouse-terminal tap --reader main_in --card 04A10003")
    visit.type("gatehouse-terminal tap --reader main_in --card 04A1FFFF")
    visit.type("gatehouse-terminal status")
    visit.type("gatehouse-provision selftest --non-interactive --stop-gate")
    until("a tap", partial(serves, visit.container))
    visit.tell("A second time, nothing is to be done.")
    visit.type("gatehouse-provision apply --board none | tail -n 1")


def what_may_happen(visit: Visit) -> None:
    container = visit.container
    visit.tell("## What may happen\nThe gate is killed, and a person taps.")
    visit.type(f"systemctl kill --signal=KILL --kill-whom=main {GATE}")
    until("a tap", partial(serves, container))
    visit.type("gatehouse-terminal tap --reader main_in --card 04A10003")
    visit.tell("Its decision loop hangs: the watchdog ends it, and the lines are released.")
    life = container.show(GATE, "InvocationID")
    visit.type(f"systemctl kill --signal=STOP --kill-whom=main {GATE}")
    until("another life", lambda: container.show(GATE, "InvocationID") != life and serves(container), 60)
    visit.type(
        f"journalctl --no-pager --output=cat --unit={GATE} | grep -E 'atchdog|undriven|Killing' | tail -n 5"
    )
    visit.tell("No sync process, no network: the gate opens.")
    visit.type(f"systemctl stop {SYNC}; gatehouse-terminal tap --reader main_in --card 04A10003")
    visit.type(f"systemctl start {SYNC}")
    visit.tell("The power is cut, and comes back.")
    container.cut_power()
    container.boot()
    until("a tap", partial(serves, container))
    visit.type("gatehouse-terminal log --limit 8")


def releases(visit: Visit, second: str, third: str) -> None:
    visit.tell("## A new release, and one that does not start")
    visit.type(f"gatehouse-provision upgrade ./{second} 2>/dev/null")
    visit.type("gatehouse-provision rollback --dry-run")
    visit.type(f"gatehouse-provision upgrade --json ./{third}")
    visit.type("gatehouse-provision rollback --dry-run")
    until("a tap", partial(serves, visit.container))
    visit.type("gatehouse-terminal tap --reader main_in --card 04A10003")


def out_of_service(visit: Visit) -> None:
    visit.tell("## Out of service")
    visit.type("gatehouse-provision uninstall | tail -n 3")
    visit.type("apt-get -q purge --yes gatehouse-gate | tail -n 2; ls /opt/gatehouse /var/lib/gatehouse")


if __name__ == "__main__":
    sys.exit(main())
