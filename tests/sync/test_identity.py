"""Certificates that carry a key: what goes in comes out, and nothing else passes."""

from __future__ import annotations

import contextlib
import datetime as dt

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from sync.identity import MAX_CERTIFICATE_BYTES, anchor, certificate, public_key
from sync.keys import SigningKey
from sync.link_errors import UnfitCertificateError
from tests.support.estate import ONLINE

SEEDS = st.binary(min_size=32, max_size=32)


@given(SEEDS)
def test_a_certificate_carries_its_key_and_is_always_the_same(seed: bytes) -> None:
    key = SigningKey(seed)
    assert public_key(certificate(key)) == key.public
    assert certificate(key) == certificate(SigningKey(seed))
    assert len(certificate(key)) == 203


def test_another_library_reads_the_certificate_as_it_is_meant() -> None:
    read = x509.load_der_x509_certificate(certificate(ONLINE))
    assert read.issuer.rfc4514_string() == f"CN={ONLINE.key_id.hex()}"
    assert list(read.subject) == []
    assert read.not_valid_before_utc == dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    assert read.not_valid_after_utc == dt.datetime(9999, 12, 31, 23, 59, 59, tzinfo=dt.UTC)
    assert list(read.extensions) == []
    Ed25519PrivateKey.from_private_bytes(ONLINE.seed).public_key().verify(
        read.signature, read.tbs_certificate_bytes
    )


def test_an_anchor_is_the_name_and_key_that_issued_the_certificate() -> None:
    read = x509.load_der_x509_certificate(anchor(ONLINE.public))
    assert read.subject == x509.load_der_x509_certificate(certificate(ONLINE)).issuer
    assert public_key(anchor(ONLINE.public)) == ONLINE.public
    constraints = read.extensions.get_extension_for_class(x509.BasicConstraints)
    assert constraints.critical
    assert constraints.value.ca


@pytest.mark.parametrize("length", [0, 31, 33])
def test_an_anchor_needs_a_whole_key(length: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        anchor(bytes(length))


def other_kind_of_key() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, ONLINE.key_id.hex())])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1)
    builder = builder.not_valid_before(dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
    builder = builder.not_valid_after(dt.datetime(2040, 1, 1, tzinfo=dt.UTC))
    return builder.sign(key, SHA256()).public_bytes(Encoding.DER)


@pytest.mark.parametrize(
    "der",
    [
        b"",
        b"\x30\x00",
        certificate(ONLINE)[:-1],
        certificate(ONLINE) + b"\0",
        other_kind_of_key(),
    ],
    ids=["empty", "hollow", "cut", "trailing", "elliptic curve"],
)
def test_a_certificate_of_another_kind_is_refused_by_name(der: bytes) -> None:
    with pytest.raises(UnfitCertificateError):
        public_key(der)


def test_a_certificate_that_is_too_large_is_not_even_parsed() -> None:
    with pytest.raises(UnfitCertificateError, match="allowed are 4096"):
        public_key(certificate(ONLINE) + bytes(MAX_CERTIFICATE_BYTES))


@given(st.binary(max_size=300) | st.integers(0, 202).map(lambda at: flipped(certificate(ONLINE), at)))
def test_any_bytes_give_a_key_or_our_own_error(der: bytes) -> None:
    with contextlib.suppress(UnfitCertificateError):
        assert len(public_key(der)) == 32


def flipped(data: bytes, at: int) -> bytes:
    """``data`` with one byte inverted."""
    return data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]
