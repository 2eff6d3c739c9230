"""Certificates that only carry a key, and the anchors by which a hub trusts such keys.

TLS wants certificates; we want keys. A key's certificate is a fixed form filled in with
the public key and signed by the key itself: 203 bytes, the same at every making. Dates
never matter (from the first to the last that can be written), names say nothing: what a
key may do stands in the root's delegations and in the hub's register.

    issuer     CN = the key id in hexadecimal
    subject    empty, so that the certificate is not "self-signed" in OpenSSL's sense

A trust anchor is a name and a key (RFC 5280, 6.1.1). ``anchor`` writes one for a public
key alone, with an empty signature, which is never looked at: a register needs to keep
keys, and no certificates.
"""

from __future__ import annotations

from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import load_der_x509_certificate

from sync.keys import PUBLIC_KEY_BYTES, SIGNATURE_BYTES, SigningKey, key_id
from sync.link_errors import UnfitCertificateError

MAX_CERTIFICATE_BYTES: Final = 4096
"""Ours have 203; a stranger's may be larger and is refused by name all the same."""

# DER tags (X.690) and what stays the same in every certificate.
_INTEGER, _BITS, _OCTETS, _OID, _UTF8, _UTC, _TIME, _SEQUENCE, _SET = (
    *(0x02, 0x03, 0x04, 0x06, 0x0C, 0x17, 0x18),
    *(0x30, 0x31),
)
_VERSION_AND_SERIAL: Final = bytes.fromhex("a003020102 020101")  # v3, number 1
_COMMON_NAME: Final = bytes.fromhex("0603550403")
_ED25519: Final = bytes.fromhex("3005 06032b6570")  # RFC 8410
_MAY_SIGN: Final = bytes.fromhex("a313 3011 300f 0603551d13 0101ff 0405 30030101ff")  # basicConstraints: CA


def certificate(key: SigningKey) -> bytes:
    """The DER certificate that shows ``key``'s public key."""
    public = key.public
    body = _body(public, subject=_der(_SEQUENCE), extensions=b"")
    private = Ed25519PrivateKey.from_private_bytes(key.seed)
    return _signed(body, private.sign(body))


def anchor(public: bytes) -> bytes:
    """The DER trust anchor for certificates that the key ``public`` has signed."""
    body = _body(public, subject=_name(public), extensions=_MAY_SIGN)
    return _signed(body, bytes(SIGNATURE_BYTES))


def public_key(der: bytes) -> bytes:
    """The Ed25519 key that a peer's certificate carries; who it is, is for others to judge.

    Raises:
        UnfitCertificateError: not a certificate, or of another kind of key.
    """
    if len(der) > MAX_CERTIFICATE_BYTES:
        raise UnfitCertificateError(
            f"the peer's certificate has {len(der)} bytes, allowed are {MAX_CERTIFICATE_BYTES}:"
            " whoever answers there is not of this system"
        )
    try:
        key = load_der_x509_certificate(der).public_key()
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise UnfitCertificateError(
            "the peer's certificate carries no Ed25519 key: whoever answers there is not of this system;"
            " check the address, and what stands between"
        )
    return key.public_bytes_raw()


def private_pem(key: SigningKey) -> bytes:
    """The private key as TLS libraries read it. For a file in memory alone."""
    private = Ed25519PrivateKey.from_private_bytes(key.seed)
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _body(public: bytes, *, subject: bytes, extensions: bytes) -> bytes:
    if len(public) != PUBLIC_KEY_BYTES:
        raise ValueError(f"a public key has {PUBLIC_KEY_BYTES} bytes, not {len(public)}")
    carried = _der(_SEQUENCE, _ED25519, _der(_BITS, b"\0", public))
    return _der(
        _SEQUENCE, _VERSION_AND_SERIAL, _ED25519, _name(public), _ALL_TIMES, subject, carried, extensions
    )


def _signed(body: bytes, signature: bytes) -> bytes:
    return _der(_SEQUENCE, body, _ED25519, _der(_BITS, b"\0", signature))


def _name(public: bytes) -> bytes:
    text = _der(_UTF8, key_id(public).hex().encode())
    return _der(_SEQUENCE, _der(_SET, _der(_SEQUENCE, _COMMON_NAME, text)))


def _der(tag: int, *parts: bytes) -> bytes:
    """One DER element; nothing here reaches 256 bytes."""
    content = b"".join(parts)
    size = len(content)
    return bytes([tag, size] if size < 0x80 else [tag, 0x81, size]) + content


_ALL_TIMES: Final = _der(_SEQUENCE, _der(_UTC, b"700101000000Z"), _der(_TIME, b"99991231235959Z"))
