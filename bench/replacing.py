"""``python -m bench.replacing DIRECTORY COUNT``: replaces a gate's whole list until it is killed.

Verification, store and fsync are the product's own; niced, as the sync process is.
"""

from __future__ import annotations

import os
import sys
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Final

from bench.loads import ISSUED_AT
from bench.publisher import ANCHOR
from bench.rig import GateRig
from terminal.list_updates import take_update

NICENESS: Final = 10


def main() -> None:
    """One snapshot after the other, each a revision further."""
    rig = GateRig(Path(sys.argv[1]), int(sys.argv[2]))
    publisher = rig.publisher()
    os.nice(NICENESS)
    print("replacing", flush=True)
    with closing(rig.store()) as store:
        current = store.current()
        for revision in count(2 if current is None else current.version.revision + 1):
            take_update(store, ANCHOR, publisher.snapshot(revision), floor=ISSUED_AT)


if __name__ == "__main__":
    main()
