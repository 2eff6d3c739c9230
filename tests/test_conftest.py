"""What tests/conftest.py promises about real parts."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest_plugins = ("pytester",)


@pytest.mark.parametrize("required", [False, True])
def test_a_skipped_real_part_is_told_and_fails_where_it_is_required(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, required: bool
) -> None:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).resolve().parent.parent))
    monkeypatch.setenv("GATEHOUSE_REQUIRE_REAL_PARTS", "1" if required else "0")
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.real_part("cat")
        def test_it():
            pytest.skip("no cat here")
        """
    )
    result = pytester.runpytest_subprocess("-p", "tests.conftest", "-W", "ignore", "-o", "markers=real_part")
    result.assert_outcomes(**({"failed": 1} if required else {"skipped": 1}))
    result.stdout.fnmatch_lines(["*real parts NOT tested on this machine*", "cat: *no cat here*"])
