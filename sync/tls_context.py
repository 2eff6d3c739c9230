"""TLS settings of both sides: 1.3 alone, keys instead of names, no dates.

The gate's context takes any hub's certificate: TLS proves that the hub owns the key in
it, and `sync.hub_authority` judges the key. The hub's context admits exactly the
registered gates, so that a stranger learns from TLS itself that it is refused.
"""

from __future__ import annotations

import contextlib
import os
import ssl
from collections.abc import Iterable
from typing import Final

from sync.identity import anchor, certificate, private_pem
from sync.keys import SigningKey

NO_CHECK_TIME: Final = 0x200000
"""X509_V_FLAG_NO_CHECK_TIME (openssl/x509_vfy.h); Python has no name for it."""
CURVE: Final = "X25519"
"""One curve, so that a handshake's size does not depend on the library's release: newer ones would send
1.2 kB of post-quantum key share each way, which is 2.5 s at 9600 baud."""


def gate_context(key: SigningKey) -> ssl.SSLContext:
    """The client side: shows ``key``. Keep it as long as sessions are to be resumed."""
    context = _context(ssl.PROTOCOL_TLS_CLIENT, key)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def hub_context(key: SigningKey, gates: Iterable[bytes], *, tickets: int) -> ssl.SSLContext:
    """The server side: shows ``key`` and admits the gates of these public keys.

    ``tickets`` is how many resumption tickets an admitted gate gets; none where bytes are dear.
    """
    context = _context(ssl.PROTOCOL_TLS_SERVER, key)
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags |= ssl.VerifyFlags(NO_CHECK_TIME)
    context.num_tickets = tickets
    admit(context, gates)
    return context


def admit(context: ssl.SSLContext, gates: Iterable[bytes]) -> None:
    """Let these gates in as well, 0.1 ms each; striking one off needs a new context."""
    if anchors := b"".join(anchor(one) for one in gates):
        context.load_verify_locations(cadata=anchors)


def _context(protocol: int, key: SigningKey) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    # Debian 12's Python (3.11.2) names no such curve to OpenSSL 3.0, whose own first choice it is.
    with contextlib.suppress(ssl.SSLError):
        context.set_ecdh_curve(CURVE)
    # The same Python takes a cut connection for a farewell unless told otherwise: whoever cuts the wire could
    # make an answer look complete.
    context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
    _show(context, key)
    return context


def _show(context: ssl.SSLContext, key: SigningKey) -> None:
    """Hand over the key by a file in memory: `ssl` reads files alone, and a key has no business on a disk."""
    descriptor = os.memfd_create("gatehouse-identity", os.MFD_CLOEXEC)
    try:
        shown = ssl.DER_cert_to_PEM_cert(certificate(key)).encode()
        with os.fdopen(descriptor, "wb", closefd=False) as file:
            file.write(shown + private_pem(key))
        context.load_cert_chain(f"/proc/self/fd/{descriptor}")
    finally:
        os.close(descriptor)
