"""The hub's tables in a PostgreSQL database: the same as `office.hub.schema` makes, under the same names.

``hub`` carries the version that a SQLite file has in its header. A later version adds its
steps to both; a test compares what they lead to.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, LiteralString

from psycopg import Connection
from psycopg.errors import InsufficientPrivilege, UndefinedTable

from office.hub.schema import SCHEMA_VERSION, HubStoreError

OLDEST_SERVER: Final = 150_000
"""In which a database's owner owns its schema, too: a restore renames it."""
_NUMBER: Final = "bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY"

TABLES: Final[Sequence[LiteralString]] = (
    (
        "CREATE TABLE hub (id bigint PRIMARY KEY CHECK (id = 1), estate_id bytea NOT NULL,"
        " version bigint NOT NULL)"
    ),
    (
        "CREATE TABLE gates (gate_id bigint PRIMARY KEY, name text NOT NULL UNIQUE, public_key bytea UNIQUE,"
        " link text NOT NULL, bus_address bigint UNIQUE, registered_at bigint NOT NULL,"
        " format_version bigint NOT NULL, struck_at bigint)"
    ),
    (
        "CREATE TABLE lists (gate_id bigint PRIMARY KEY REFERENCES gates, change bigint NOT NULL DEFAULT 0,"
        " wanted_settings bytea, held_id bigint, base_id bigint, held_settings bytea, held_memory bytea,"
        " top_epoch bigint NOT NULL DEFAULT 0, top_revision bigint NOT NULL DEFAULT 0)"
    ),
    "CREATE TABLE held_buckets (gate_id bigint PRIMARY KEY REFERENCES gates, digests bytea NOT NULL)",
    # Digests cannot be compressed: trying costs more than writing.
    "ALTER TABLE held_buckets ALTER digests SET STORAGE EXTERNAL",
    (
        "CREATE TABLE records (gate_id bigint NOT NULL, bucket bigint NOT NULL, key bytea NOT NULL,"
        " grant_id bigint NOT NULL, issue_id bigint NOT NULL, wanted bytea, differs boolean NOT NULL,"
        " held bytea, held_id bigint, change bigint NOT NULL, PRIMARY KEY (gate_id, bucket, key, grant_id))"
    ),
    "CREATE INDEX records_that_differ ON records (gate_id, change) WHERE differs",
    "CREATE INDEX records_by_issue ON records (issue_id)",
    "CREATE TABLE given (id bigint PRIMARY KEY CHECK (id = 1), grant_id bigint NOT NULL)",
    (
        f"CREATE TABLE outbox (number {_NUMBER}, gate_id bigint NOT NULL, urgent boolean NOT NULL,"
        " at bigint NOT NULL)"
    ),
    (
        f"CREATE TABLE signed (id {_NUMBER}, gate_id bigint NOT NULL, epoch bigint NOT NULL,"
        " revision bigint NOT NULL, previous bigint NOT NULL, kind bigint NOT NULL, digest bytea NOT NULL,"
        " issued_at bigint NOT NULL, change bigint NOT NULL, envelope bytea, settings bytea, buckets bytea,"
        " memory bytea, UNIQUE (gate_id, epoch, revision))"
    ),
    (
        "CREATE TABLE receipts (gate_id bigint NOT NULL, epoch bigint NOT NULL, revision bigint NOT NULL,"
        " digest bytea NOT NULL, applied_at bigint, clock bigint NOT NULL, received_at bigint NOT NULL,"
        " data bytea NOT NULL, PRIMARY KEY (gate_id, epoch, revision, digest))"
    ),
    (
        f"CREATE TABLE logs (id {_NUMBER}, gate_id bigint NOT NULL, epoch bytea NOT NULL,"
        " number bigint NOT NULL, link bytea NOT NULL, lost bigint NOT NULL DEFAULT 0,"
        " anchor_number bigint NOT NULL DEFAULT 0, anchor_link bytea NOT NULL, UNIQUE (gate_id, epoch))"
    ),
    (
        "CREATE TABLE events (log bigint NOT NULL, number bigint NOT NULL, payload bytea,"
        " hashed bytea NOT NULL, link bytea NOT NULL, set_aside text, received_at bigint NOT NULL,"
        " waits_for bytea,"
        " boottime_ms bigint, utc_ms bigint, uncertainty_ms bigint, PRIMARY KEY (log, number))"
    ),
    "CREATE INDEX events_that_wait ON events (waits_for) WHERE waits_for IS NOT NULL",
    (
        "CREATE TABLE anchors (gate_id bigint NOT NULL, boot_id bytea NOT NULL, boottime_ms bigint NOT NULL,"
        " utc_ms bigint NOT NULL, uncertainty_ms bigint NOT NULL,"
        " PRIMARY KEY (gate_id, boot_id, boottime_ms))"
    ),
    (
        "CREATE TABLE contacts (gate_id bigint PRIMARY KEY, at bigint NOT NULL, asked boolean NOT NULL,"
        " epoch bigint, revision bigint, digest bytea, refusal text, refused_epoch bigint,"
        " refused_revision bigint, refused_change bigint NOT NULL DEFAULT 0, refused_at bigint,"
        " resumed boolean NOT NULL DEFAULT FALSE, highest_epoch bigint, highest_revision bigint,"
        " highest_digest bytea)"
    ),
    (
        "CREATE TABLE alarms (gate_id bigint NOT NULL, name text NOT NULL, count bigint NOT NULL,"
        " first_at bigint NOT NULL, last_at bigint NOT NULL, text text NOT NULL, PRIMARY KEY (gate_id, name))"
    ),
    (
        "CREATE TABLE moves (grant_id bigint PRIMARY KEY, from_gate bigint NOT NULL, to_gate bigint NOT NULL,"
        " uses bigint NOT NULL, access bytea NOT NULL, granted bytea NOT NULL, chip bytea NOT NULL,"
        " new_grant_id bigint NOT NULL UNIQUE, asked_at bigint NOT NULL, state bigint NOT NULL,"
        ' "left" bigint)'
    ),
    (
        "CREATE TABLE lowerings (gate_id bigint PRIMARY KEY REFERENCES gates, serial bigint NOT NULL,"
        " floor bigint NOT NULL, signed bytea NOT NULL, taken_in_at bigint NOT NULL, told bigint)"
    ),
    (
        "CREATE TABLE invitations (token bytea PRIMARY KEY, gate_id bigint NOT NULL, made_at bigint NOT NULL,"
        " not_after bigint NOT NULL, digest bytea NOT NULL, replaces boolean NOT NULL, state bigint NOT NULL,"
        " key bytea, signed bytea, asked_at bigint, decided_at bigint)"
    ),
    "CREATE TABLE struck_keys (public_key bytea PRIMARY KEY, gate_id bigint NOT NULL, at bigint NOT NULL)",
    # By its digest: a file may be longer than an index takes.
    (
        f"CREATE TABLE as_built (id {_NUMBER}, gate_id bigint NOT NULL REFERENCES gates,"
        " made_at bigint NOT NULL, received_at bigint NOT NULL, data bytea NOT NULL)"
    ),
    "CREATE UNIQUE INDEX as_built_once ON as_built (gate_id, sha256(data))",
    "CREATE INDEX as_built_by_time ON as_built (gate_id, made_at, id)",
)


def found_tables(connection: Connection, estate_id: bytes) -> None:
    """Make the hub's tables inside the caller's transaction, unless they are there.

    Raises:
        HubStoreError: the database is none that we can use, or we may not make tables in it.
    """
    check_server(connection)
    if connection.execute("SELECT to_regclass('hub')").fetchone() != (None,):
        return
    try:
        for statement in TABLES:
            connection.execute(statement)
    except InsufficientPrivilege:
        raise HubStoreError(
            "this database user may not make tables; let it own the database: ALTER DATABASE … OWNER TO …"
        ) from None
    connection.execute("INSERT INTO hub VALUES (1, %s, %s)", (estate_id, SCHEMA_VERSION))


def check_server(connection: Connection) -> None:
    """Raises ``HubStoreError`` if an office cannot live there."""
    if connection.info.server_version < OLDEST_SERVER:
        told = connection.info.parameter_status("server_version")
        raise HubStoreError(f"the server is PostgreSQL {told}; needed is {OLDEST_SERVER // 10_000} or newer")
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise HubStoreError(f"the database keeps text as {encoding}; make it anew with: ENCODING 'UTF8'")


def table_names() -> list[str]:
    """Every table of the hub's."""
    return [one.split()[2] for one in TABLES if one.startswith("CREATE TABLE ")]


def check_version(connection: Connection, where: str) -> None:
    """Raises ``HubStoreError`` unless this is a hub's store of this version."""
    try:
        row = connection.execute("SELECT version FROM hub").fetchone()
    except UndefinedTable:
        row = None
    if row is None:
        raise HubStoreError(f"{where}: no hub's store in this database; make the office with: init")
    if row[0] != SCHEMA_VERSION:
        raise HubStoreError(
            f"{where}: is a hub's store of version {row[0]}, this software reads {SCHEMA_VERSION};"
            " use the software that wrote it"
        )
