"""Fills an office's database, in a process of its own: `python -m tests.support.seeded_office DIR < JSON`.

The JSON names the gates with their public keys. Made are: those gates with a door each, a building with two
units, a household, and a member of staff for each role whose sign-in name is the role.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from office.clock import utc_now_ms
from office.site.cli import with_django

PASSWORD: Final = "correct horse battery staple"


def main() -> None:
    """Once."""
    with_django(Path(sys.argv[1]))
    from django.contrib.auth.models import User  # noqa: PLC0415 - after setup

    from office.hub.facts import Gate, LinkKind  # noqa: PLC0415
    from office.lists.store import hub_store  # noqa: PLC0415
    from office.lists.wanted import publish_settings  # noqa: PLC0415
    from office.registry.models import Assignment, Door, GateSite, StaffRole  # noqa: PLC0415
    from tests.support.office_estate import OfficeEstate  # noqa: PLC0415

    keys: dict[str, list[str]] = json.load(sys.stdin)

    class Estate(OfficeEstate):
        """With the gates that there are."""

        def gates(self) -> None:
            store = hub_store()
            for gate_id, (name, key) in ((int(one), told) for one, told in keys.items()):
                store.gates.add(Gate(gate_id, name, bytes.fromhex(key), LinkKind.NETWORK, None, 0))
                site = GateSite.objects.create(gate_id=gate_id, name=name, place=self.estate)
                Door.objects.create(door_id=gate_id, gate=site, name=name, serves=self.estate)
            now = datetime.fromtimestamp(utc_now_ms() / 1000, UTC)
            publish_settings(GateSite.objects.all(), now)

    estate = Estate()
    estate.add_unit("102", "130.00")
    estate.add_person("林小雨")
    for role in StaffRole:
        user = User.objects.create_user(role.value, password=PASSWORD)
        Assignment.objects.create(user=user, role=role)


if __name__ == "__main__":
    main()
