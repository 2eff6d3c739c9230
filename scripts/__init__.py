"""What is run from the tree and never installed on a gate: see scripts/README.md."""
