"""``replace``: a spare becomes the gate, and nothing of what it was before is mixed in."""

from __future__ import annotations

from pathlib import Path

from provisioning.host import Host
from provisioning.owner import own_public
from provisioning.spare import former_state, set_state_aside
from sync.update import ListVersion
from tests.support.bundles import CODE, bundle_file
from tests.support.enrolling import FILE, WORKING, another_bundle, enrol, list_of, record_of
from tests.support.estate import first_list, key, signed_snapshot
from tests.support.machine import snapshot
from tests.support.visits import Said, Technician

TODAY = "2027-01-15"
TOKEN = key("the spare's token")
REPLACING = another_bundle(TOKEN, replaces=True, first_list=signed_snapshot(first_list(4), 58))


def replace(technician: Technician, stick: Path, place: Path, *more: str, data: bytes = REPLACING) -> Said:
    stick.write_bytes(data)
    code = stick.with_name("code")
    code.write_text(CODE)
    return technician.type(
        "replace", stick, "--root", place, "--code-file", code, "--today", TODAY, "--json", *more
    )


def test_a_fresh_spare_takes_the_gates_place(technician: Technician, stick: Path, place: Path) -> None:
    said = replace(technician, stick, place)
    assert said.code == 0, said.err
    assert said.json["list"] == "1.58"
    assert list_of(place) == ListVersion(1, 58)
    assert replace(technician, stick, place).json["changed"] is False


def test_a_unit_with_a_past_gets_a_new_key_and_a_new_log(
    technician: Technician, stick: Path, place: Path
) -> None:
    """The same gate's storage card in another board, or a unit that served elsewhere."""
    before = enrol(place).public
    (place / "var/lib/gatehouse/terminal/usage.db").write_bytes(b"an old log")
    said = replace(technician, stick, place)
    assert said.code == 0
    public = own_public(Host(place))
    assert public not in (None, before)
    assert list((place / "var/lib/gatehouse/terminal").iterdir()) == []
    aside = place / f"var/lib/gatehouse/terminal.before-{TOKEN.public.hex()[:8]}"
    assert (aside / "usage.db").read_bytes() == b"an old log"
    assert record_of(place).used == ()
    assert replace(technician, stick, place).json["changed"] is False


def test_a_power_cut_between_the_two_directories_is_gone_on_from(
    technician: Technician, stick: Path, place: Path
) -> None:
    before = enrol(place).public
    (place / "var/lib/gatehouse/terminal/usage.db").write_bytes(b"an old log")
    terminal = place / "var/lib/gatehouse/terminal"
    terminal.rename(terminal.with_name(f"terminal.before-{TOKEN.public.hex()[:8]}"))
    assert former_state(Host(place), TOKEN.public) == ["/var/lib/gatehouse/sync"]
    assert replace(technician, stick, place).code == 0
    assert own_public(Host(place)) != before


def test_a_power_cut_after_both_keeps_the_new_key(place: Path) -> None:
    enrol(place)
    assert len(set_state_aside(Host(place), TOKEN.public)) == 1, "the terminal's was empty"
    sync = place / "var/lib/gatehouse/sync"
    sync.mkdir()
    (sync / "gate.key").write_bytes(b"made just now")
    assert former_state(Host(place), TOKEN.public) == []


def test_a_bundle_for_a_new_gate_does_not_replace(technician: Technician, stick: Path, place: Path) -> None:
    before = snapshot(place)
    said = replace(technician, stick, place, data=FILE)
    assert said.code == 1
    assert "use enrol" in said.json["error"]
    assert snapshot(place) == before


def test_a_dry_run_touches_nothing(technician: Technician, stick: Path, place: Path) -> None:
    enrol(place)
    before = snapshot(place)
    told = replace(technician, stick, place, "--dry-run").json["changes"]
    assert told[0] == "set /var/lib/gatehouse/sync aside"
    assert "make a new key" in told
    assert snapshot(place) == before


def test_a_replacing_bundle_serves_at_one_spare(technician: Technician, stick: Path, place: Path) -> None:
    assert replace(technician, stick, place).code == 0
    (place / "var/lib/gatehouse/sync/gate.key").unlink()
    said = replace(technician, stick, place)
    assert said.json["cause"] == "already_used"


def test_plain_enrol_takes_a_replacing_bundle_on_an_empty_unit(place: Path) -> None:
    enrol(place, bundle_file(WORKING, replaces=True))
    assert list_of(place) == ListVersion(1, 1)
