"""Whether a gate may talk to whoever owns a TLS key: the root must have made it a hub's."""

from __future__ import annotations

from sync.chain import Anchor, Withdrawn, usable_delegation
from sync.delegation import Delegation, Role
from sync.keys import key_id
from sync.link_errors import WrongHubError
from sync.refusal import ListRefusedError


def authorise_hub(
    anchor: Anchor,
    withdrawn: Withdrawn,
    delegations: dict[bytes, tuple[Delegation, bytes]],
    public: bytes,
    floor: int,
) -> None:
    """Return if a root lets the TLS key ``public`` act as hub at the anchor's gate.

    ``delegations`` come from `sync.chain.known_delegations`: remembered ones, and those that the
    hub shows in its hello. ``floor`` is UTC seconds surely passed. Ask again for every link, a
    resumed one too: the key may have been withdrawn in between.

    Raises:
        WrongHubError: no root's delegation in role ``online`` covers it now.
    """
    try:
        delegation = usable_delegation(anchor, withdrawn, delegations, key_id(public), floor)
    except ListRefusedError as error:
        raise WrongHubError(f"whoever answers as hub is refused ({error.attack}): {error}") from None
    if delegation.public != public:
        raise WrongHubError(
            f"whoever answers as hub has another key of the same id {key_id(public).hex()}: a forgery"
        )
    if delegation.role is not Role.ONLINE:
        raise WrongHubError(
            f"key {key_id(public).hex()} is delegated as {delegation.role.name.lower()}, and a hub needs an"
            " online key: run the hub with its own key, and keep the other where it belongs"
        )
