"""The gate's processes: gate loop, stores, configuration, commands."""
