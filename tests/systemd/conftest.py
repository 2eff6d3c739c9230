"""Booted Debians that tests share: made once, in the order in which a gate comes into service."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from tests.support.booted_gate import BAD, GATE, NEW, OLD, booted
from tests.support.bundles import bundle_file
from tests.support.container import Container, Workshop, plain_tree
from tests.support.gate_package import (
    BOARD,
    CONFIG,
    SERVICES,
    TREE,
    altered_sources,
    carry_package,
    install,
    package,
    put_into_service,
    tap,
)
from tests.support.machine_limits import no_containers


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Three releases; the last one's gate process does not start."""
    plain_tree()  # skips first
    folder = tmp_path_factory.mktemp("packages")
    broken = altered_sources(folder / "broken", "terminal/cli/gate.py", "raise RuntimeError('went wrong')\n")
    first = package(folder, OLD)  # alone: it may have to build the wheels
    with ThreadPoolExecutor() as pool:
        others = pool.map(partial(package, folder), (NEW, BAD), (TREE, broken))
        return dict(zip((OLD, NEW, BAD), (first, *others), strict=True))


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    plain_tree()  # skips first
    with Workshop(tmp_path_factory.mktemp("trees")) as made:
        yield made


@pytest.fixture(scope="module")
def first(workshop: Workshop) -> Iterator[Container]:
    """A plain Debian, booted. Skips where it does not come up: that is the machine's doing, not ours."""
    container = Container(workshop.tree("first", plain_tree()))
    try:
        try:
            container.boot()
        except (pytest.fail.Exception, AssertionError, subprocess.TimeoutExpired) as error:
            no_containers(f"a plain tree does not come up: {error}")
        yield container
    finally:
        container.cut_power()


@pytest.fixture(scope="module")
def installed(workshop: Workshop, first: Container, packages: dict[str, Path]) -> tuple[Path, ...]:
    """The layers of a tree in which the package was installed, and no more."""
    said = install(first, packages[OLD])
    assert f"release {OLD} is in place" in said
    assert first.run("systemctl", "is-active", GATE, ok=False) == "inactive"
    assert first.run("systemctl", "is-enabled", "gate.target", ok=False) == "disabled"
    return workshop.copy("first"), plain_tree()


@pytest.fixture(scope="module")
def layers(workshop: Workshop, first: Container, installed: tuple[Path, ...]) -> tuple[Path, ...]:
    """The layers of a tree, switched off, whose gate has been put into service."""
    put_into_service(first, bundle_file(config=CONFIG.encode()))
    tap(first)
    again = first.run("gatehouse-provision", "apply", *BOARD)
    assert "nothing was to be changed" in again
    first.power_off()
    return workshop.changes("first"), *installed[1:]


@pytest.fixture(scope="module")
def shared(workshop: Workshop, layers: tuple[Path, ...]) -> Iterator[Container]:
    """A booted gate that tests leave in service as they found it."""
    yield from booted(workshop.tree("shared", *layers))


@pytest.fixture(scope="module")
def tried(
    workshop: Workshop, layers: tuple[Path, ...], packages: dict[str, Path]
) -> Iterator[tuple[Container, subprocess.Popen[str]]]:
    """A gate that is being given a good release, and who does it: the trial goes on while other tests run."""
    for container in booted(workshop.tree("tried", *layers)):
        command = ("gatehouse-provision", "upgrade", carry_package(container, packages[NEW]), "--json")
        with container.begin(*command) as upgrade:
            try:
                yield container, upgrade
            finally:
                container.cut_power()  # its children end first, and it with them


@pytest.fixture
def own(workshop: Workshop, layers: tuple[Path, ...], request: pytest.FixtureRequest) -> Iterator[Container]:
    """A booted gate of a test's own."""
    yield from booted(workshop.tree(request.node.name, *layers))


@pytest.fixture
def gate(shared: Container) -> Container:
    """The shared gate, in service and with nothing left of the test before."""
    shared.run("systemctl", "start", *SERVICES)
    shared.until_serving(*SERVICES)
    return shared
