"""The desk in a real browser, over real processes."""
