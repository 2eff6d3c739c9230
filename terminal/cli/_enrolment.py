"""What ``status`` tells of a gate that the office has not confirmed yet."""

from __future__ import annotations

from sync.gate_key import fingerprint
from sync.update import ListVersion
from terminal.cli._answer import Fields
from terminal.config import Config
from terminal.stores.enrolment_file import load_enrolment
from terminal.stores.errors import StoreError


def enrolment_fields(config: Config, status: Fields) -> Fields:
    """``enrolment`` with stage, fingerprint and whether it is provisional; ``None`` without a bundle.

    ``status`` is what the gate answered: it names the list in force.
    """
    try:
        enrolment = load_enrolment(config.sync_dir)
    except StoreError as error:
        return {"enrolment": {"fault": str(error)}}
    if enrolment is None:
        return {"enrolment": None}
    listed = status.get("list")
    in_force = None if listed is None else ListVersion(*map(int, str(listed["version"]).split(".")))
    return {
        "enrolment": {
            "stage": enrolment.stage.name.lower(),
            "provisional": enrolment.is_provisional(in_force),
            "fingerprint": fingerprint(enrolment.public),
        }
    }


def enrolment_lines(fields: Fields) -> list[str]:
    """A line while the office has not confirmed this gate; nothing once it has."""
    enrolment = fields["enrolment"]
    if enrolment is None:
        return []
    if "fault" in enrolment:
        return [f"office  {enrolment['fault']}"]
    if not enrolment["provisional"]:
        return []
    refused = (
        "refused by the office" if enrolment["stage"] == "refused" else "not confirmed by the office yet"
    )
    return [f"office  PROVISIONAL: key {enrolment['fingerprint']} {refused}"]
