"""`python -m provisioning`: the list of commands is the folder of commands."""

from __future__ import annotations

import pytest

from provisioning.__main__ import EXIT_USAGE, main


def test_help_is_asked_for_and_given_on_the_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    assert "gatehouse-provision COMMAND" in capsys.readouterr().out


def test_no_command_and_a_misspelt_one_are_told_on_the_error_output(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([]) == EXIT_USAGE
    assert main(["aply"]) == EXIT_USAGE
    assert "no such command: aply" in capsys.readouterr().err
