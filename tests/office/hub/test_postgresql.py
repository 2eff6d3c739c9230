"""What only a server can do to the hub's store: writers that meet, connections that are lost."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from office.errors import OfficeError
from office.exchange.server_state import server_state
from office.hub.address import PostgresAddress
from office.hub.postgresql import WRITERS, connect
from office.hub.postgresql_schema import table_names
from office.hub.schema import SCHEMA_VERSION, HubStoreError
from office.hub.store import HubStore
from tests.support.estate import ESTATE_ID, NOW, resident
from tests.support.hub import HubRig, registered
from tests.support.postgresql import private_store

pytestmark = pytest.mark.real_part("postgresql")


@pytest.fixture
def address(postgresql: str, tmp_path: Path) -> PostgresAddress:
    return private_store(postgresql, tmp_path)


@pytest.fixture
def rig(address: PostgresAddress, tmp_path: Path) -> Iterator[HubRig]:
    made = HubRig(tmp_path, 2, address=address)
    yield made
    made.close()


def cut(address: PostgresAddress, name: str = "gatehouse") -> None:
    """The server ends our connections, as it does when it is started anew."""
    with psycopg.connect(address.url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s"
            " AND pid <> pg_backend_pid()",
            (name,),
        )


def test_a_card_reaches_its_gate_over_a_server(rig: HubRig) -> None:
    """Whether or not the rest of the run is on PostgreSQL."""
    rig.want(1, resident(1))
    rig.exchange(1)
    assert rig.boxes[1].opens(1001)


def test_both_kinds_of_database_have_the_same_tables_and_columns(
    address: PostgresAddress, tmp_path: Path
) -> None:
    HubStore.found(address, ESTATE_ID).close()
    HubStore.found(tmp_path / "hub.db", ESTATE_ID).close()
    with contextlib.closing(sqlite3.connect(tmp_path / "hub.db")) as connection:
        in_file = {
            table: [
                (name, bool(required or key))
                for _, name, _, required, _, key in connection.execute(f"PRAGMA table_info({table})")
            ]
            for (table,) in connection.execute(
                "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
            ).fetchall()
        }
        version = connection.execute("PRAGMA user_version").fetchone()[0]
    on_server: dict[str, list[tuple[str, bool]]] = {}
    with psycopg.connect(address.url) as connection:
        for table, name, nullable in connection.execute(
            "SELECT table_name, column_name, is_nullable FROM information_schema.columns"
            " WHERE table_schema = current_schema() ORDER BY table_name, ordinal_position"
        ):
            on_server.setdefault(table, []).append((name, nullable == "NO"))
    assert on_server["hub"].pop() == ("version", True), "which a file has in its header"
    assert on_server == in_file
    assert sorted(on_server) == sorted(table_names())
    assert version == SCHEMA_VERSION


def test_writers_wait_for_each_other_and_numbers_come_in_the_order_of_commits(
    rig: HubRig, address: PostgresAddress
) -> None:
    """A hub that polls would otherwise pass over the lower of two numbers that was committed later."""
    second = HubStore(address)
    done = threading.Event()

    def write() -> None:
        second.wanted.announce(2, NOW)
        done.set()

    thread = threading.Thread(target=write)
    with rig.store.transaction():
        rig.store.wanted.announce(1, NOW)
        thread.start()
        wait_for_turn(address)
        assert not done.is_set()
        with contextlib.closing(HubStore(address)) as reader:
            assert reader.wanted.changes_after(0) == [], "readers wait for nobody, and see what is committed"
    thread.join(10)
    assert [one.gate_id for one in rig.store.wanted.changes_after(0)] == [1, 2]
    second.close()


def wait_for_turn(address: PostgresAddress) -> None:
    """Until somebody waits for the writers' lock."""
    waiting = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = %s AND NOT granted"
    with psycopg.connect(address.url, autocommit=True) as connection:
        for _ in range(100_000):
            if connection.execute(waiting, (WRITERS,)).fetchone() is not None:
                return
    raise AssertionError("nobody waits")


def test_who_waits_too_long_is_told_and_nothing_is_written(rig: HubRig, address: PostgresAddress) -> None:
    with psycopg.connect(address.url) as holder:
        holder.execute(f"SELECT pg_advisory_xact_lock({WRITERS})".encode())
        rig.store._database.execute("SET lock_timeout = '50ms'")
        with pytest.raises(HubStoreError, match="lock timeout"):
            rig.store.wanted.announce(1, NOW)
    rig.store.wanted.announce(2, NOW)
    assert [one.gate_id for one in rig.store.wanted.changes_after(0)] == [2]


def test_a_lost_connection_is_one_error_and_then_made_anew(rig: HubRig, address: PostgresAddress) -> None:
    cut(address)
    with pytest.raises(HubStoreError, match="check that the server runs"):
        rig.store.gates.all()
    assert [one.gate_id for one in rig.store.gates.all()] == [1, 2]


def test_a_transaction_whose_connection_is_lost_leaves_nothing(rig: HubRig, address: PostgresAddress) -> None:
    def step() -> None:
        with rig.store.transaction():
            rig.want(1, resident(1))
            cut(address)
            rig.want(1, resident(2))

    with pytest.raises(HubStoreError):
        step()
    assert rig.store.wanted.changes_after(0) == []
    assert rig.store.wanted.size(1) == 0


def test_an_office_that_is_cut_off_in_a_step_does_not_keep_the_lock_but_a_long_look_is_let_be(
    rig: HubRig, address: PostgresAddress
) -> None:
    show = "SHOW idle_in_transaction_session_timeout"
    with contextlib.closing(connect(address)) as connection:
        assert connection.execute(show).fetchone() == ("1min",)
    with server_state(address) as state:
        assert list(state.connection.execute(show)) == [("0",)]


def test_errors_name_no_values(rig: HubRig) -> None:
    """PostgreSQL's detail of a doubled key quotes it."""
    with pytest.raises(HubStoreError) as refused:
        rig.store._database.execute(
            "INSERT INTO gates VALUES (9, 'gate 1', NULL, 'network', NULL, 0, 0, NULL)"
        )
    assert "gate 1" not in str(refused.value)


def test_a_place_without_a_store_or_with_another_estates_is_refused(address: PostgresAddress) -> None:
    with pytest.raises(HubStoreError, match="no hub's store in this database; make the office with: init"):
        HubStore(address)
    HubStore.found(address, ESTATE_ID).close()
    with pytest.raises(OfficeError, match="of estate"):
        HubStore.found(address, bytes(8))
    with psycopg.connect(address.url) as connection:
        connection.execute("UPDATE hub SET version = version + 1")
    with pytest.raises(HubStoreError, match="use the software that wrote it"):
        HubStore(address)


def test_a_gate_that_is_registered_twice_is_told_by_name(rig: HubRig) -> None:
    with pytest.raises(OfficeError, match="each gate has its own"):
        rig.store.gates.add(registered(1))


def test_rows_that_can_be_read_are_sound(rig: HubRig) -> None:
    rig.want(1, resident(1))
    rig.exchange(1)
    assert rig.store.store_is_sound()
