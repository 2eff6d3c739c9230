"""Everything that touches hardware. Nothing else of ours is imported here."""
