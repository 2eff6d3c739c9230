"""``python -m bench.applying DIRECTORY COUNT``: takes whole lists as the sync process does; prints its peak.

All of the sync process is loaded; the store is served by a thread of its own, as there.
"""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Final

import terminal.agent.process  # noqa: F401  # for its size
from bench.loads import ISSUED_AT
from bench.publisher import ANCHOR
from bench.rig import GateRig
from terminal.list_updates import take_update

LISTS: Final = 3


def main() -> None:
    """Each list is a revision further."""
    rig = GateRig(Path(sys.argv[1]), int(sys.argv[2]))
    publisher = rig.publisher()
    envelopes = [rig.directory / f"revision-{number}" for number in range(LISTS)]
    for revision, one in enumerate(envelopes, 2):
        one.write_bytes(publisher.snapshot(revision))
    with ThreadPoolExecutor(1) as worker:
        worker.submit(_take, rig, envelopes).result()
    peak = next(line for line in _status() if line.startswith("VmHWM:"))
    print(int(peak.split()[1]) * 1024)


def _take(rig: GateRig, envelopes: list[Path]) -> None:
    with closing(rig.store()) as store:
        for one in envelopes:
            take_update(store, ANCHOR, one.read_bytes(), floor=ISSUED_AT)


def _status() -> list[str]:
    return Path("/proc/self/status").read_text(encoding="ascii").splitlines()


if __name__ == "__main__":
    main()
