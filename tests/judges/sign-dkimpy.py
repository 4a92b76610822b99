#!/usr/bin/python3
"""Signs with dkimpy, so that the other judges have something that neither they nor we made.

Usage: sign-dkimpy.py KEY.pem SELECTOR DOMAIN CANONICALIZATION <list, its lines being IN<TAB>OUT.
"""

import base64
import sys

import dkim
from cryptography.hazmat.primitives import serialization


def load(path):
    """The algorithm and the key in the form that dkimpy wants: PEM, or a bare Ed25519 seed."""
    with open(path, "rb") as file:
        pem = file.read()
    key = serialization.load_pem_private_key(pem, None)
    if hasattr(key, "key_size"):
        return b"rsa-sha256", pem
    raw = serialization.Encoding.Raw, serialization.PrivateFormat.Raw
    seed = key.private_bytes(*raw, serialization.NoEncryption())
    return b"ed25519-sha256", base64.b64encode(seed)


def main():
    algorithm, key = load(sys.argv[1])
    selector, domain, canonicalization = (word.encode() for word in sys.argv[2:5])
    for line in sys.stdin:
        source, target = line.rstrip("\n").split("\t")
        with open(source, "rb") as file:
            message = file.read()
        field = dkim.sign(
            message, selector, domain, key, canonicalize=tuple(canonicalization.split(b"/")),
            signature_algorithm=algorithm, include_headers=[b"from", b"to", b"subject", b"from"],
        )
        with open(target, "wb") as file:
            file.write(field + message)


main()
