"""Run by test_network_clock.py in a process whose wall clock is wrong; answers in JSON.

python -m tests.sync.link_by_another_clock
"""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import time
from pathlib import Path
from typing import Any

from sync.link_errors import LinkError
from sync.tls_context import NO_CHECK_TIME
from tests.support.certificates import client_tls, dated_certificate, show
from tests.support.estate import ONLINE
from tests.support.network import GATE, Hub, answer, dialler, hub
from tests.support.wall_clock import OFFSET, turn_to

OTHER_TIMES = (0, 4_102_444_799, 1_800_000_000, 1)
"""1970, the end of 2099, 2027, and 1970 again."""


async def story() -> dict[str, Any]:
    """What works by this clock."""
    told: dict[str, Any] = {"utc": int(time.time())}
    async with hub() as office:
        gate = dialler(office.address)
        told["links"] = []
        for utc in (int(time.time()), *OTHER_TIMES):
            turn_to(Path(os.environ[OFFSET]), utc)
            stream = await gate.dial()
            assert await answer(stream) == b"hello"
            assert stream.peer_public_key == ONLINE.public
            told["links"].append(int(time.time()) - utc in {0, 1})
            stream.close()
        turn_to(Path(os.environ[OFFSET]), told["utc"])
        told["dated gate"] = await _dated_gate(office)
        context = office.listener._context
        show(context, dated_certificate(ONLINE, carries=ONLINE, years=(2020, 2030)), ONLINE)
        again = dialler(office.address)
        stream = await again.dial()
        told["dated hub"] = stream.peer_public_key == ONLINE.public
        stream.close()
        context.verify_flags &= ~ssl.VerifyFlags(NO_CHECK_TIME)
        told["dated gate, if dates were checked"] = await _dated_gate(office)
    told["turned away"] = [one.error.attack for one in office.turned_away]
    return told


async def _dated_gate(office: Hub) -> bool:
    """Whether a gate is served that shows a certificate for 2020 to 2030."""
    shown = dated_certificate(GATE, carries=GATE, years=(2020, 2030))
    try:
        reader, writer = await asyncio.open_connection(
            office.address.host, office.address.port, ssl=client_tls(shown=shown, owner=GATE)
        )
        writer.write(b"hello")
        heard = await reader.read(5)
    except (OSError, LinkError):
        return False
    writer.transport.abort()
    return heard == b"hello"


if __name__ == "__main__":
    print(json.dumps(asyncio.run(story())))
