"""How keys are shown: ids, roles, ends, states and fingerprints, never a private half."""

from __future__ import annotations

from datetime import UTC, datetime

from office.keys import KeyDirectory
from office.report import Report
from sync.delegation import Delegation
from sync.gate_key import fingerprint
from sync.keys import key_id


def about(keys: KeyDirectory, name: str) -> Report:
    """A key's name, id, public half and fingerprint."""
    public = keys.public(name)
    return {
        "key": name,
        "key_id": key_id(public).hex(),
        "public": public.hex(),
        "fingerprint": fingerprint(public),
    }


def delegation_report(delegation: Delegation) -> Report:
    """What a delegation says."""
    return {
        "key_id": delegation.key_id.hex(),
        "role": delegation.role.name.lower(),
        "gates": _gates(delegation),
        "not_after": delegation.not_after,
        "until": time_text(delegation.not_after),
        "serial": delegation.serial,
    }


def key_row(keys: KeyDirectory, name: str, now: int) -> Report:
    """One line of the list of keys: what the key is, until when, and where its private half is."""
    private = keys.private_path(name)
    row: Report = {"name": name, "key_id": key_id(keys.public(name)).hex()}
    found = keys.delegations().get(name)
    if name in keys.root_names:
        row |= {"role": "root", "state": "signs" if name == keys.root_names[0] else "does not sign"}
    elif found is None:
        row |= {"state": "not delegated"}
    else:
        delegation = found[0]
        row |= {"role": delegation.role.name.lower(), "gates": _gates(delegation)}
        row |= {"until": time_text(delegation.not_after)}
        row |= {"state": "in force" if now < delegation.not_after else "ended"}
    if key_id(keys.public(name)) in keys.withdrawals().key_ids:
        row["state"] = "withdrawn"
    return row | {"private_key": "not here" if private is None else str(private.parent)}


def roots_line(keys: KeyDirectory) -> str:
    """The cure for gates that obey other roots than the office has."""
    roots = ", ".join(f'"{one.hex()}"' for one in keys.roots)
    return f"write into every gate's configuration, and restart it: roots = [{roots}]"


def time_text(second: int) -> str:
    """A UTC second as people write it."""
    try:
        return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError):
        return f"second {second}"


def _gates(delegation: Delegation) -> object:
    return "all" if delegation.gates is None else sorted(delegation.gates)
