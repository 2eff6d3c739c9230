"""What goes to the manager to be signed, and comes back: the hub's side of the desk's page.

The desk has no keys. It asks the running hub, which holds the list key while its stick is
plugged in, for the file; the manager signs it on their own computer; the desk hands it back.
"""

from __future__ import annotations

from collections.abc import Callable

from office.errors import OfficeError, Trouble
from office.hub.held_changes import held_change
from office.hub.port import HubStorage
from office.hub.publisher import Publisher
from office.hub.signed_intake import TakenUpdate, take_update
from office.keys import KeyDirectory


class ManagerPost:
    """Gives out what waits, as it was shown, and takes in what was signed."""

    def __init__(
        self,
        store: HubStorage,
        publisher: Publisher,
        keys: KeyDirectory,
        now_s: Callable[[], int],
        wake: Callable[[], None],
    ) -> None:
        """``wake``: something is to be sent."""
        self._store = store
        self._publisher = publisher
        self._keys = keys
        self._now_s = now_s
        self._wake = wake

    def propose(self, gate_id: int, mark: str) -> bytes:
        """What waits at this gate, signed by the list key, for the manager's signature.

        Raises:
            OfficeError: nothing waits, it is not any more what was shown, or the list key is away.
        """
        now = self._now_s()
        waits = held_change(self._store, self._store.gates.get(gate_id), now)
        if waits is None:
            raise OfficeError(
                f"gate {gate_id}: nothing waits for the manager any more", Trouble.CHANGED_MEANWHILE
            )
        if waits.mark != mark:
            raise OfficeError(
                f"gate {gate_id}: the change is not any more what was shown; look at it again",
                Trouble.CHANGED_MEANWHILE,
            )
        return self._publisher.propose(gate_id, now)

    def take(self, data: bytes) -> TakenUpdate:
        """Take in what came back; raises ``OfficeError`` with what is wrong."""
        taken = take_update(self._store, self._keys, data, self._now_s())
        self._wake()
        return taken
