"""Two devices with one gate's key: they cannot be told from a gate that dials anew, but by their boots."""

from __future__ import annotations

from typing import Final

DUPLICATE_IDENTITY: Final = "duplicate_identity"
DOUBLE_TEXT: Final = (
    "two devices take turns with this gate's key: strike it off, register a new key at the gate, and find out"
    " who copied it"
)
REMEMBERED_BOOTS: Final = 8


class Boots:
    """The last boots of each gate. One that had given way to another never speaks again by itself."""

    def __init__(self) -> None:
        self._boots: dict[int, list[bytes]] = {}

    def is_double(self, gate_id: int, boot_id: bytes | None) -> bool:
        """Note the boot of a greeting; whether it was over already."""
        if boot_id is None:
            return False
        boots = self._boots.setdefault(gate_id, [])
        double = boot_id in boots[:-1]
        if boot_id in boots:
            boots.remove(boot_id)
        boots.append(boot_id)
        del boots[:-REMEMBERED_BOOTS]
        return double
