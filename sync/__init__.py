"""The contract between the property office and a gate, for both roles.

Nothing of ours is imported here. What both sides must read alike stands here once.
"""
