"""The package: what it needs, what lies where, the same bytes twice, and a stick that proves itself whole."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path

import pytest

from provisioning.__main__ import commands
from scripts.debian.__main__ import build, stamp
from scripts.debian.control import WheelError, control, minors_of, python_range, wheel_lock
from scripts.debian.kit import SUMS, KitError, make_kit
from scripts.debian.source import PARTS, build_own_wheel, version_of
from scripts.debian.tree import MAINTAINER_SCRIPTS, PLACES, lay_tree

TREE = Path(__file__).parents[2]
EPOCH_S = 1_800_000_000


def wheels(folder: Path, *names: str) -> list[Path]:
    """Files that have a wheel's name, each with content of its own."""
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).write_bytes(name.encode())
    return sorted(folder.iterdir())


@pytest.mark.parametrize(
    ("minors", "expected"),
    [
        ([11], ["python3 (>= 3.11~)", "python3 (<< 3.12)"]),
        ([11, 12], ["python3 (>= 3.11~)", "python3 (<< 3.13)"]),
        ([13, 11], ["python3 (>= 3.11~)", "python3 (<< 3.12) | python3 (>= 3.13~)", "python3 (<< 3.14)"]),
    ],
)
def test_only_a_python_that_there_are_wheels_for_will_do(minors: list[int], expected: list[str]) -> None:
    assert python_range(minors) == expected


def test_without_wheels_there_is_no_package() -> None:
    with pytest.raises(WheelError, match="scripts/package"):
        python_range([])


def test_pythons_are_those_that_have_wheels_of_their_own(tmp_path: Path) -> None:
    found = wheels(tmp_path, "a-1-cp311-cp311-x.whl", "b-1-cp39-abi3-x.whl", "c-1-py3-none-any.whl")
    assert minors_of(found) == {11}
    assert minors_of([*found, Path("a-1-cp313-cp313-x.whl")]) == {11, 13}


def test_every_wheel_is_held_to_its_hash_and_pip_is_not_installed(tmp_path: Path) -> None:
    found = wheels(tmp_path, "a-1-cp311-cp311-x.whl", "a-1-cp313-cp313-x.whl", "pip-26-py3-none-any.whl")
    lock = wheel_lock(found)
    assert re.fullmatch(r"a==1( --hash=sha256:[0-9a-f]{64}){2}\n", lock)
    assert sha256(b"a-1-cp313-cp313-x.whl").hexdigest() in lock
    with pytest.raises(WheelError, match="a: wheels of versions"):
        wheel_lock([*found, *wheels(tmp_path / "b", "a-2-cp311-cp311-x.whl")])


def test_what_dpkg_is_told() -> None:
    fields = dict(
        line.split(": ", 1) for line in control("1.2", "armhf", [11], 7).splitlines() if ": " in line
    )
    assert fields["Package"] == "gatehouse-gate"
    assert (fields["Version"], fields["Architecture"], fields["Installed-Size"]) == ("1.2", "armhf", "7")
    assert "pcscd" not in fields["Depends"], "it must install without a network"


@pytest.fixture(scope="module")
def own_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    os.environ.setdefault("SOURCE_DATE_EPOCH", str(EPOCH_S))
    return build_own_wheel(TREE, "9.8", tmp_path_factory.mktemp("own"))


def test_our_wheel_has_the_gate_and_nothing_of_the_office(own_wheel: Path, tmp_path: Path) -> None:
    shutil.unpack_archive(own_wheel, tmp_path, "zip")
    assert {one.name for one in tmp_path.iterdir()} == {*PARTS, "gatehouse-9.8.dist-info"}
    assert '"gatehouse 9.8"' in (tmp_path / "terminal/version.py").read_text()
    assert {*(tmp_path / "provisioning/cli").glob("*.py")} != set()
    entries = (tmp_path / "gatehouse-9.8.dist-info/entry_points.txt").read_text()
    assert "gatehouse-provision" in entries
    assert "gatehouse-office" not in entries
    assert version_of(TREE) != "9.8"


def lay(root: Path, own_wheel: Path, folder: Path) -> Path:
    others = wheels(folder, "a-1-cp311-cp311-x.whl", "pip-26-py3-none-any.whl")
    lay_tree(root, TREE, [own_wheel, *others], version="9.8", architecture="amd64")
    return root


def test_files_lie_where_the_table_of_the_service_files_says(own_wheel: Path, tmp_path: Path) -> None:
    root = lay(tmp_path / "root", own_wheel, tmp_path / "wheels")
    rows = re.findall(
        r"^\| `(\w[\w./-]+\.\w+)` \| (.*?) \|", (TREE / "systemd/README.md").read_text("utf-8"), re.MULTILINE
    )
    assert len(rows) > 10
    for here, there in rows:
        if here.startswith("office/"):  # of a server: scripts/install-office puts them there
            assert not (root / "opt/gatehouse/releases/9.8/systemd" / here).exists()
            continue
        place = "/usr/lib/systemd/system/" if there == "the same" else there.strip("`")
        installed = root / place.lstrip("/") / Path(here).name
        assert installed.is_symlink() or installed.read_bytes() == (TREE / "systemd" / here).read_bytes(), (
            here
        )
    assert {one.name for one in (TREE / "systemd").iterdir() if one.is_dir()} == {*PLACES, "system", "office"}
    link = root / "usr/lib/systemd/system/gate-terminal.service"
    in_root = (link.parent / link.readlink()).resolve().relative_to(root.resolve())
    assert str(in_root) == "opt/gatehouse/current/systemd/system/gate-terminal.service"


def test_maintainer_scripts_are_shell(own_wheel: Path, tmp_path: Path) -> None:
    root = lay(tmp_path / "root", own_wheel, tmp_path / "wheels")
    scripts = [
        root / "usr/lib/gatehouse/make-release",
        *(root / "DEBIAN" / one for one in MAINTAINER_SCRIPTS),
    ]
    for script in scripts:
        assert script.stat().st_mode & 0o777 == 0o755
        subprocess.run(["sh", "-n", script], check=True)
        assert "@" not in script.read_text().replace('"$@"', "")


@pytest.mark.parametrize(("machine", "code"), [("armv6l", 1), ("armv7l", 0), ("aarch64", 0), ("x86_64", 0)])
def test_a_board_too_old_for_the_package_is_told_before_anything_is_unpacked(
    machine: str, code: int, tmp_path: Path
) -> None:
    (tmp_path / "uname").write_text(f"#!/bin/sh\necho {machine}\n")
    (tmp_path / "uname").chmod(0o755)
    script = TREE / "scripts/debian/maintainer/preinst"
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    ran = subprocess.run(
        ["sh", script, "install"], env={"PATH": path}, capture_output=True, text=True, check=False
    )
    assert ran.returncode == code
    assert ("ARMv6" in ran.stderr) == bool(code)


@pytest.mark.real_part("dpkg-deb")
def test_the_same_sources_give_the_same_bytes(own_wheel: Path, tmp_path: Path) -> None:
    if shutil.which("dpkg-deb") is None:
        pytest.skip("needs dpkg")
    made = []
    for number, mask in ((1, 0o022), (2, 0o077)):
        before = os.umask(mask)
        try:
            root = lay(tmp_path / f"root{number}", own_wheel, tmp_path / f"wheels{number}")
            stamp(root, EPOCH_S)
            made.append(tmp_path / f"{number}.deb")
            build(root, made[-1])
        finally:
            os.umask(before)
    assert made[0].read_bytes() == made[1].read_bytes()


def test_a_stick_can_be_checked_and_says_what_to_do(tmp_path: Path) -> None:
    package, bundle = wheels(tmp_path / "made", "gate.deb", "north.bundle")
    make_kit(tmp_path / "stick", package, bundle)
    subprocess.run(["sha256sum", "--check", "--strict", SUMS], cwd=tmp_path / "stick", check=True)
    guide = (tmp_path / "stick/GUIDE.txt").read_text("utf-8")
    assert "./gate.deb" in guide
    assert "apply --bundle north.bundle" in guide
    assert "@" not in guide
    assert len(guide.splitlines()) <= 60, "one page"
    (tmp_path / "stick/gate.deb").write_bytes(b"damaged")
    damaged = subprocess.run(["sha256sum", "--check", SUMS], cwd=tmp_path / "stick", check=False)
    assert damaged.returncode != 0


def test_a_stick_with_something_on_it_or_without_its_bundle_is_refused(tmp_path: Path) -> None:
    (package,) = wheels(tmp_path / "made", "gate.deb")
    with pytest.raises(KitError, match="no such bundle"):
        make_kit(tmp_path / "stick", package, tmp_path / "gone.bundle")
    with pytest.raises(KitError, match="not empty"):
        make_kit(tmp_path / "made", package, None)


def test_every_command_in_the_guide_exists() -> None:
    guide = (TREE / "scripts/debian/guide.txt").read_text("utf-8")
    named = set(re.findall(r"gatehouse-provision (\w+)", guide))
    assert len(named) > 7
    assert named <= set(commands()), named - set(commands())
