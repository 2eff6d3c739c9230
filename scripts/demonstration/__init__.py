"""The demonstration: a small gate on simulated hardware, for a person to play with or as a fixed story.

It is everything around a gate: the office that signs a list, the power switch, the people with
their cards, the doors' leaves. The gate itself is the product's own process, and is spoken to
through its command socket alone.
"""
