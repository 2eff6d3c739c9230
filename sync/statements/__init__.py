"""Signed statements that office and gate exchange besides lists.

Each module has one statement: its structure, how it is signed, and how it is verified.

    by a gate      [body, signature]                            receipt, log_head, log_epoch
    by the office  [body, key id, signature, [delegation, …]]   pulse, order, floor_lowering

A body is an array: version, estate, gate, then the statement's own parts. It travels as
bytes in msgpack, so that a signature covers exactly what arrived. Delegations that the
gate knows may be left out. Whatever is wrong with bytes from outside is a
`StatementError` named after the attack; a statement that may not be signed is a
`CodecError` at the one who tries.
"""
