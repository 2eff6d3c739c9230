"""GPIO backends, one file each."""
