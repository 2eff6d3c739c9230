"""A step that is a list of files, directories, links and edits: most of them are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from provisioning.items import Item
from provisioning.step import Condition, State, done, not_needed, to_do
from provisioning.visit import Visit

Items = Callable[[Visit], Sequence[Item]]
"""What this machine needs; none: the step is not needed. Raises ``ProvisioningError`` where it cannot be."""
After = Callable[[Visit], None]
"""Tells the running machine of files that changed; run again after a power cut, so it must bear that."""
Proof = Callable[[Visit], State]


def nothing_more(_visit: Visit) -> None:
    """For steps whose files are read at the next boot, or by whoever starts next."""


def needs_none(_visit: Visit) -> State:
    """Nothing is listed because this gate has no use for it."""
    return not_needed("this gate does not need it")


class ItemStep:
    """Fills `provisioning.step.Step` from a function that lists items."""

    def __init__(
        self,
        name: str,
        title: str,
        items: Items,
        *,
        after: After = nothing_more,
        proof: Proof | None = None,
        nothing: Proof = needs_none,
        holds_state: bool = False,
    ) -> None:
        """``after``, ``proof``: on a running machine only. ``nothing``: how an empty list stands."""
        self.name: Final = name
        self.title: Final = title
        self.holds_state: Final = holds_state
        self._items = items
        self._after = after
        self._proof = proof
        self._nothing = nothing

    def check(self, visit: Visit) -> State:
        """What differs from the items."""
        items = self._items(visit)
        changes = visit.tree.differences(self.name, items)
        if changes:
            return to_do(changes)
        return done() if items else self._nothing(visit)

    def apply(self, visit: Visit) -> None:
        """Put the items there, then tell the machine."""
        visit.tree.put(self.name, self._items(visit))
        if visit.host.live:
            self._after(visit)

    def verify(self, visit: Visit) -> State:
        """The items, and what the running machine says."""
        state = self.check(visit)
        if self._proof is None or state.condition is not Condition.DONE or not visit.host.live:
            return state
        return self._proof(visit)

    def undo(self, visit: Visit) -> list[str]:
        """Put the originals back, then tell the machine."""
        stays = visit.tree.undo(self.name)
        if visit.host.live:
            self._after(visit)
        return stays
