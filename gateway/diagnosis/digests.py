"""Why a digest does not match the element as received."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Final

from gateway.diagnosis.finding import Finding
from gateway.diagnosis.forms import Form, canonical, forms
from gateway.wss.envelope import local_name
from gateway.wss.profile import DIGEST_ALGORITHMS
from gateway.wss.references import Signed

HASHES: Final = ("sha256", "sha384", "sha512", "sha1", "sha224", "sha3_256", "md5")
_AS_RECEIVED: Final = ""


def why_digest(signed: Signed, raw: bytes) -> Finding | None:
    """What explains a digest that does not match; None when it matches.

    Tries every form with the declared algorithm, and the form as received with every other.
    """
    reference = signed.reference
    declared = DIGEST_ALGORITHMS[str(reference.digest_algorithm)]
    wanted, hexadecimal = _values(reference.digest)
    form = canonical(signed.element, reference.prefixes)
    where = local_name(signed.element)
    if hashlib.new(declared, form).digest() == reference.digest:
        return None
    for code, octets in _tried(signed, form, raw):
        for algorithm in HASHES if code == _AS_RECEIVED else (declared,):
            if hashlib.new(algorithm, octets).digest() != wanted:
                continue
            if hexadecimal:
                return Finding.of("hexadecimal", where)
            if algorithm != declared:
                return Finding.of("other-digest", where, told=algorithm)
            return Finding.of(code, where)
    return Finding.of("changed-after", where, proved=False)


def _tried(signed: Signed, form: bytes, raw: bytes) -> Iterator[Form]:
    yield _AS_RECEIVED, form
    yield from forms(signed.element, signed.reference.prefixes, raw)


def _values(digest: bytes) -> tuple[bytes, bool]:
    """The digest, out of its hexadecimal text if it is that, and whether it was."""
    try:
        text = digest.decode("ascii")
        if len(text) in {2 * hashlib.new(name).digest_size for name in HASHES}:
            return bytes.fromhex(text), True
    except ValueError:
        pass
    return digest, False
