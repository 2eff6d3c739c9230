"""The gate's first words in a session: who it is, and what it has."""

from __future__ import annotations

from sync.chain import Anchor
from sync.envelope import FORMAT_VERSION
from sync.messages import PROTOCOL_VERSION, Feature, Hello, Role
from terminal.agent.conversation import Parts


def gate_hello(anchor: Anchor, parts: Parts, *, nonce: bytes, software: str) -> Hello:
    """The hello of a gate as it stands now."""
    return Hello(
        versions=(PROTOCOL_VERSION,),
        role=Role.GATE,
        estate_id=anchor.estate_id,
        gate_id=anchor.gate_id,
        nonce=nonce,
        software=software,
        formats=(FORMAT_VERSION,),
        features=tuple(int(one) for one in Feature),
        boot_id=parts.boot_id,
        list_state=parts.lists.state,
        log_state=parts.log.state(),
        known=parts.lists.known,
        withdrawals_version=parts.lists.withdrawals_version,
        highest=parts.lists.highest,
        lowering=parts.time.lowering,
    )
