"""From the registry to what each gate is to have: its wanted list and settings."""
