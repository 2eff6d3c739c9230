"""`python -m office init|createuser|serve`: the desk's own commands.

init DIR --estate HEX [--host NAME]     a new office: settings, secret, database (--database: on a server)
createuser DIR NAME --role clerk        a member of staff; the password is asked for
serve DIR [--listen HOST:PORT] [--hub]  the desk and the watcher, and with --hub the hub beside them
watch DIR [--once]                      the watcher alone: events, alarms, what falls due by the clock
"""

from __future__ import annotations

import argparse
import getpass
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from office.errors import OfficeError
from office.hub.address import PostgresAddress
from office.hub.library import library
from office.hub.office_schema import OfficeSchemaError, applied_steps, check_steps, known_steps
from office.hub.store import HubStore
from office.options import HUB_LISTEN
from office.report import Report
from office.site.database_options import add_database, database_server
from office.site.directory import (
    DIRECTORY_VARIABLE,
    READER_PORTS,
    OfficeDirectory,
    OfficeSettings,
    hold,
    make_directory,
    open_directory,
)
from office.site.ending import Ending
from office.site.serving import Serving, serve

DEFAULT_LISTEN: Final = "127.0.0.1:8080"
DEFAULT_PROXY: Final = "127.0.0.1"
_OFFICE: Final = (sys.executable, "-m", "office")
ROLES: Final = ("clerk", "reviewer", "manager", "maintenance", "guard", "technician", "administrator")
"""Those of `office.registry.models.StaffRole`, which needs Django to be read; a test compares them."""


def add_site(groups: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands; each sets ``run``, which takes options and the time."""
    init = _command(groups, "init", _init, "make a new office")
    init.add_argument("--estate", required=True, help="the estate's id, 16 hexadecimal digits")
    init.add_argument("--host", action="append", help="a name under which browsers reach the desk")
    init.add_argument("--time-zone", default="Asia/Shanghai")
    init.add_argument("--language", choices=("zh-hans", "en"), default="zh-hans")
    add_database(init)
    init.add_argument(
        "--insecure", action="store_true", help="by plain HTTP: only for a desk opened on this computer"
    )
    init.add_argument(
        "--reader-port", type=int, default=0, help="port of the card reader's helper at each clerk's PC"
    )
    user = _command(groups, "createuser", _create_user, "a member of staff")
    user.add_argument("name")
    user.add_argument("--role", action="append", choices=ROLES, required=True)
    user.add_argument("--password-file", type=Path, help="its first line; otherwise it is asked for")
    web = _command(groups, "serve", _serve, "serve the desk, and with --hub the hub")
    web.add_argument("--listen", default=DEFAULT_LISTEN, help=f"host:port (default: {DEFAULT_LISTEN})")
    web.add_argument(
        "--proxy",
        default=DEFAULT_PROXY,
        metavar="ADDRESS",
        help=f"where the HTTPS proxy comes from, which alone is believed (default: {DEFAULT_PROXY})",
    )
    web.add_argument("--hub", action="store_true", help="run the hub, too")
    web.add_argument("--hub-listen", help=f"host:port for gates (default: {HUB_LISTEN})")
    web.add_argument(
        "--hub-serial", action="append", default=[], metavar="DEVICE:BAUD", help="a serial pair of the hub's"
    )
    web.add_argument(
        "--hub-keys", type=Path, action="append", default=[], help="a stick with the hub's private keys"
    )
    watch = _command(groups, "watch", _watch, "bring events to the desk, raise alarms, do what falls due")
    watch.add_argument("--once", action="store_true", help="stop once nothing is left to do")


def _command(
    groups: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    run: Callable[[argparse.Namespace, int], Report],
    text: str,
) -> argparse.ArgumentParser:
    command = groups.add_parser(name, help=text)
    command.add_argument("office", type=Path, help="the office's directory")
    command.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    command.set_defaults(run=run)
    return command


def with_django(path: Path) -> OfficeDirectory:
    """Work with this office, by Django, until this process ends; raises ``OfficeError``."""
    office = open_directory(path)
    hold(path)
    check_version(office)
    return office


def _set_up(path: Path) -> None:
    os.environ[DIRECTORY_VARIABLE] = str(path)
    os.environ["DJANGO_SETTINGS_MODULE"] = "office.site.settings"
    try:
        import django  # noqa: PLC0415 - the hub and the key commands do without
    except ImportError:
        raise OfficeError("Django is missing; install gatehouse with the extra: office") from None
    django.setup()


def check_version(office: OfficeDirectory) -> None:
    """Set Django up, and see that the database is of this version; raises ``OfficeError``."""
    if isinstance(office.database, PostgresAddress):
        with library():
            from office.hub.postgresql import connect  # noqa: PLC0415 - SQLite needs none of it
        connect(office.database).close()  # says what is wrong in words, which Django does not
    elif not office.database.exists():
        raise OfficeError(f"{office.database}: is missing; restore the last backup")
    _set_up(office.path)
    from django.db import connection  # noqa: PLC0415 - after setup
    from django.db.migrations.loader import MigrationLoader  # noqa: PLC0415 - after setup

    loader = MigrationLoader(connection)
    ours = {f"{app} {name}" for app, name in loader.graph.nodes}
    done = {f"{app} {name}" for app, name in loader.applied_migrations if app in loader.migrated_apps}
    check_steps(office.database, done | (applied_steps(office.database) or set()), ours | known_steps())


def _init(options: argparse.Namespace, _now: int) -> Report:
    if not re.fullmatch("[0-9a-fA-F]{16}", options.estate):
        raise OfficeError(f"--estate: {options.estate!r} is not 16 hexadecimal digits")
    hosts = tuple(options.host or ("localhost", "127.0.0.1"))
    server = database_server(options)
    settings = OfficeSettings(
        options.estate,
        options.time_zone,
        options.language,
        hosts,
        secure=not options.insecure,
        reader_port=options.reader_port,
    )
    if settings.reader_port not in READER_PORTS:
        raise OfficeError(f"--reader-port: {settings.reader_port} is not 0 or from 1024 to 65535")
    office = make_directory(options.office, settings, server)
    migrate(office)
    return {"office": str(office.path), "database": str(office.database), "estate": options.estate}


def migrate(office: OfficeDirectory) -> None:
    """Bring the database to this version's schema; a new file is made 0600 before SQLite opens it."""
    if isinstance(office.database, Path):
        office.database.touch(mode=0o600, exist_ok=True)
    try:
        check_version(office)
    except OfficeSchemaError as error:
        if error.later:
            raise
    from django.core.management import call_command  # noqa: PLC0415 - after setup

    call_command("migrate", verbosity=0, interactive=False)
    HubStore(office.database).close()  # brings the hub's own tables to this version, too


def _create_user(options: argparse.Namespace, _now: int) -> Report:
    with_django(options.office)
    from django.contrib.auth.models import User  # noqa: PLC0415 - after setup
    from django.contrib.auth.password_validation import validate_password  # noqa: PLC0415
    from django.core.exceptions import ValidationError  # noqa: PLC0415
    from django.db import transaction  # noqa: PLC0415

    from office.registry.models import Assignment  # noqa: PLC0415

    if User.objects.filter(username=options.name).exists():
        raise OfficeError(f"{options.name} exists; choose another name")
    password = _password(options)
    try:
        validate_password(password, User(username=options.name))
    except ValidationError as error:
        raise OfficeError(f"password: {' '.join(error.messages)}") from None
    with transaction.atomic():
        user = User.objects.create_user(options.name, password=password)
        for role in dict.fromkeys(options.role):
            Assignment.objects.create(user=user, role=role)
    return {"user": options.name, "roles": ", ".join(dict.fromkeys(options.role))}


def _password(options: argparse.Namespace) -> str:
    file: Path | None = options.password_file
    if file is None:
        return getpass.getpass(f"Password of {options.name}: ")
    return file.read_text(encoding="utf-8").partition("\n")[0]


def _serve(options: argparse.Namespace, _now: int) -> Report:
    ending = Ending()
    office = with_django(options.office)
    from office.site.wsgi import application  # noqa: PLC0415 - after setup

    beside: list[tuple[str, list[str]]] = [("watcher", [*_OFFICE, "watch", str(office.path)])]
    if options.hub:
        beside.append(("hub", _hub_command(office, options)))
    secure = office.settings.secure
    address = f"https://{office.settings.hosts[0]}/" if secure else f"http://{options.listen}/"
    serve(Serving(options.listen, address, secure, options.proxy, beside), application, ending)
    return {"stopped": str(office.path)}


def _watch(options: argparse.Namespace, _now: int) -> Report:
    ending = Ending()
    office = with_django(options.office)
    from office.site.watch import watch  # noqa: PLC0415 - after setup

    return {"stopped": str(office.path), "rounds": watch(ending, once=options.once)}


def _hub_command(office: OfficeDirectory, options: argparse.Namespace) -> list[str]:
    command = [*_OFFICE, "hub", "run", str(office.path), "--keys", str(office.path / "keys")]
    for stick in options.hub_keys:
        command += ["--keys", str(stick)]
    for pair in options.hub_serial:
        command += ["--serial", pair]
    return command + (["--listen", options.hub_listen] if options.hub_listen else [])
