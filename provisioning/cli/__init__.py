"""The commands of `python -m provisioning`: a file each, its docstring is the help."""
