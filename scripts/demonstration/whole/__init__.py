"""The demonstration whole: an office with its desk, its hub and its watcher, and two gates of one estate.

The office and the gates are the product's own processes. What is played here is what stands
around them: the cables, the doors' leaves, and people with cards at a page in the browser.
"""
