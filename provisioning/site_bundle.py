"""A site bundle at the gate: read from the stick, opened by its code, held against what is here already."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from msgspec import Struct

from provisioning.errors import DayError, ProvisioningError
from provisioning.host import Host
from provisioning.owner import as_owner, sync_dir
from provisioning.steps.configuration import PATH as CONFIG_PATH
from sync.bundle import MAX_BUNDLE_BYTES, SealedBundle, check_destination, read_bundle, unseal
from sync.bundle_code import bundle_key
from sync.bundle_content import DAY_S, BundleContent, check_end, open_content
from sync.bundle_errors import DamagedBundleError
from sync.records import ClockState
from terminal import clock
from terminal.check import config_errors
from terminal.clock import RELEASE_FLOOR, Judged, TimeKeeper
from terminal.config import Config, ConfigError
from terminal.config_file import parse_config
from terminal.stores.errors import StoreError
from terminal.stores.highest_list import load_highest
from terminal.stores.time_anchor import load_time


class OpenedBundle(Struct, frozen=True):
    """A bundle whose signature, destination and configuration were found good."""

    content: BundleContent
    digest: bytes
    """SHA-256 of its file."""
    config: Config


class Known(Struct, frozen=True):
    """What this machine is already, and the earliest possible time."""

    estate_id: bytes | None
    gate_id: int | None
    roots: tuple[bytes, ...] | None
    floor: int


def read_file(path: Path) -> bytes:
    """A bundle's file; raises ``ProvisioningError``."""
    try:
        with open(path, "rb", opener=_at_once) as file:
            return file.read(MAX_BUNDLE_BYTES + 1) or b""
    except OSError as error:
        raise ProvisioningError(
            f"{path}: cannot be read ({error.strerror}); give the bundle on the stick: NAME.bundle"
        ) from error


def _at_once(path: str, flags: int) -> int:
    # A pipe without a writer would be waited for for ever; it is read as empty, and refused as no bundle.
    return os.open(path, flags | os.O_NONBLOCK)


def known_here(host: Host) -> Known:
    """What is known of this machine; a configuration that cannot be read tells nothing."""
    config = _config_here(host)
    floor = floor_of(host)
    if config is None:
        return Known(None, None, None, floor)
    return Known(config.estate_id, config.gate.id, config.roots, floor)


def floor_of(host: Host) -> int:
    """`floor_here` of a machine, read as the user whose files these are."""
    with as_owner(host):
        return floor_here(sync_dir(host))


def floor_here(directory: Path) -> int:
    """UTC seconds that have surely passed, by what the gate keeps; damaged files tell nothing."""
    floor = RELEASE_FLOOR
    try:
        floor = max(floor, load_time(directory).floor)
        highest = load_highest(directory)
        return floor if highest is None else max(floor, highest.newest.issued_at)
    except StoreError:
        return floor


def judged_here(directory: Path) -> Judged:
    """What the running machine takes the time to be."""
    try:
        saved = load_time(directory)
        keeper = TimeKeeper(clock.boot_id(), floor=max(RELEASE_FLOOR, saved.floor), anchor=saved.anchor)
    except StoreError:
        keeper = TimeKeeper(clock.boot_id(), floor=RELEASE_FLOOR, anchor=None)
    return keeper.judge(clock.read())


def open_bundle(
    data: bytes, code: str, known: Known, *, key_of: Callable[[str, bytes], bytes] = bundle_key
) -> OpenedBundle:
    """The bundle in ``data`` by its code.

    Raises:
        BundleError: by what is wrong with bundle or code.
    """
    bundle = claim_of(data, known)
    content = open_content(
        unseal(bundle, key_of(code, bundle.salt)), bundle, floor=known.floor, roots=known.roots
    )
    return OpenedBundle(content, sha256(data).digest(), _config_of(content))


def claim_of(data: bytes, known: Known) -> SealedBundle:
    """For which gate a bundle says it is, told before its code is asked for; raises ``BundleError``."""
    bundle = read_bundle(data)
    check_destination(bundle, known.estate_id, known.gate_id)
    return bundle


def certain_time(host: Host) -> int | None:
    """The time, if the office told it during this boot; ``None``: a person must say the day."""
    if not host.live:
        return None
    with as_owner(host):
        now = judged_here(sync_dir(host)).now
    return now.wall if now.clock is ClockState.TRUSTED else None


def check_day(content: BundleContent, day: str) -> int:
    """The day a technician confirmed (``2026-11-26``), as its first UTC second.

    Raises:
        BundleError: the bundle has ended by then.
        DayError: no day, or one before the bundle was made.
    """
    try:
        first = int(datetime.strptime(day.strip(), "%Y-%m-%d").replace(tzinfo=UTC).timestamp())
    except ValueError:
        raise DayError(f"{day!r} is no day; type it as year, month and day: 2026-11-26") from None
    if first + DAY_S <= content.made_at - DAY_S:  # a day's grace for time zones
        made = datetime.fromtimestamp(content.made_at, UTC).date()
        raise DayError(f"{day} cannot be today: the bundle was made on {made}; look at a calendar")
    check_end(content, first)
    return first


def _config_here(host: Host) -> Config | None:
    try:
        text = host.text(CONFIG_PATH)
        return parse_config(host.path(CONFIG_PATH), tomllib.loads(text)) if text else None
    except (ConfigError, ProvisioningError, tomllib.TOMLDecodeError, RecursionError):
        return None


def _config_of(content: BundleContent) -> Config:
    """The bundle's configuration, judged as `terminal check` does; raises ``DamagedBundleError``."""
    try:
        document = tomllib.loads(content.config.decode("utf-8"))
        config = parse_config(Path("the bundle's gate.toml"), document)
    except (ConfigError, tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DamagedBundleError(f"{error}; let the office correct it and make the bundle anew") from None
    errors = config_errors(config)
    if (config.estate_id, config.gate.id, config.roots) != (
        content.estate_id,
        content.gate_id,
        content.roots,
    ):
        errors.append("the bundle's gate.toml: names another estate, gate or root than the bundle")
    if errors:
        raise DamagedBundleError("\n".join([*errors, "let the office correct it and make the bundle anew"]))
    return config
