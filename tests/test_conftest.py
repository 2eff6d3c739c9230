"""What tests/conftest.py promises about real parts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.machine_limits import NO_CONTAINERS

pytest_plugins = ("pytester",)


@pytest.mark.parametrize(
    ("why", "required", "outcome"),
    [
        ("no cat here", False, "skipped"),
        ("no cat here", True, "failed"),
        (f"{NO_CONTAINERS}: mount", True, "skipped"),
    ],
)
def test_a_skipped_real_part_is_told_and_fails_where_it_is_required(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, why: str, required: bool, outcome: str
) -> None:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).resolve().parent.parent))
    monkeypatch.setenv("GATEHOUSE_REQUIRE_REAL_PARTS", "1" if required else "0")
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.real_part("cat")
        def test_it():
            pytest.skip("WHY")
        """.replace("WHY", why)
    )
    result = pytester.runpytest_subprocess("-p", "tests.conftest", "-W", "ignore", "-o", "markers=real_part")
    result.assert_outcomes(**{outcome: 1})
    result.stdout.fnmatch_lines(["*real parts NOT tested on this machine*", f"cat: *{why}*"])


@pytest.mark.parametrize("arguments", [(), ("-x",)])
def test_what_a_fixture_leaves_behind_fails_the_run_which_still_ends_with_its_summary(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).resolve().parent.parent))
    pytester.makepyfile(
        """
        import subprocess, pytest

        @pytest.fixture(scope="session")
        def sleeper():
            yield subprocess.Popen(["sleep", "600"])

        def test_it(sleeper):
            assert not ARGUMENTS

        def test_more(sleeper):
            pass
        """.replace("ARGUMENTS", repr(arguments))
    )
    # Started before the guard of the test looks for the first time: only that of the session can tell.
    options = ("-p", "tests.conftest", "-W", "ignore", "-o", "markers=real_part")
    result = pytester.runpytest_subprocess(*options, *arguments)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*left behind by a fixture*", "process * (sleep 600)"])
    result.assert_outcomes(**({"failed": 1} if arguments else {"passed": 2}))
