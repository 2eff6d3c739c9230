"""The steps of the set-up: one concern a file, in the order of `provisioning.steps.order`."""
