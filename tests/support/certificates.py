"""Certificates as others might make them, and TLS clients that show them."""

from __future__ import annotations

import datetime as dt
import os
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from sync.identity import private_pem
from sync.keys import SigningKey


def dated_certificate(signer: SigningKey, *, carries: SigningKey, years: tuple[int, int]) -> bytes:
    """A certificate of ``carries`` signed by ``signer``, from one year's beginning to another's."""
    first, last = (dt.datetime(year, 1, 1, tzinfo=dt.UTC) for year in years)
    builder = x509.CertificateBuilder(
        x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, signer.key_id.hex())]),
        x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "friend")]),
        Ed25519PrivateKey.from_private_bytes(carries.seed).public_key(),
        1,
        first,
        last,
    )
    signed = builder.sign(Ed25519PrivateKey.from_private_bytes(signer.seed), None)
    return signed.public_bytes(Encoding.DER)


def show(context: ssl.SSLContext, shown: bytes, owner: SigningKey) -> None:
    """Let ``context`` show this certificate, with the private key ``owner``."""
    with os.fdopen(os.memfd_create("shown"), "wb") as file:
        file.write(ssl.DER_cert_to_PEM_cert(shown).encode() + private_pem(owner))
        file.flush()
        context.load_cert_chain(f"/proc/self/fd/{file.fileno()}")


def client_tls(*, shown: bytes | None = None, owner: SigningKey | None = None) -> ssl.SSLContext:
    """A client of any TLS version that shows a certificate, or none."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if shown is not None and owner is not None:
        show(context, shown, owner)
    return context


def web_certificate(host: str, key_file: Path) -> bytes:
    """A certificate for a web server of this name, signed by itself; its key goes to the file."""
    key = ec.generate_private_key(ec.SECP256R1())
    key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    first, last = (dt.datetime(year, 1, 1, tzinfo=dt.UTC) for year in (2020, 2090))
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, first, last)
    names = x509.SubjectAlternativeName([x509.DNSName(host)])
    return builder.add_extension(names, critical=False).sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
