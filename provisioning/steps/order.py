"""Every step of the set-up, in the order in which they are done; taking back goes the other way."""

from __future__ import annotations

from provisioning.step import Step
from provisioning.steps import (
    boot,
    device_rules,
    kernel_modules,
    machine_settings,
    read_only_root,
    services,
)
from provisioning.steps.accounts import AccountsStep
from provisioning.steps.configuration import ConfigurationStep
from provisioning.steps.directories import DirectoriesStep


def set_up() -> tuple[Step, ...]:
    """Owners come before what they own, rules before services, and the enabled service last of all files."""
    return (
        AccountsStep(),
        DirectoriesStep(),
        ConfigurationStep(),
        kernel_modules.step(),
        device_rules.udev_step(),
        device_rules.polkit_step(),
        machine_settings.clock_step(),
        machine_settings.journal_step(),
        machine_settings.watchdog_step(),
        boot.step(),
        read_only_root.step(),
        services.units_step(),
        services.ServiceStep(),
    )
