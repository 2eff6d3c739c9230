"""Card readers, one file each; the file name is the kind in the configuration."""
