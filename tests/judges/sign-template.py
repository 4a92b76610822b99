#!/usr/bin/python3
"""Signs with dkimpy a DKIM-Signature field that the caller has written.

Usage: sign-template.py <list; README.md in this directory has the form of its lines.
"""

import base64
import re
import sys

import dkim
from cryptography.hazmat.primitives import serialization
from dkim.canonicalization import CanonicalizationPolicy
from dkim.crypto import HASH_ALGORITHMS, RSASSA_PKCS1_v1_5_sign, parse_pem_private_key
from nacl.signing import SigningKey

KEYS = {}


def load(path):
    """A function from a digest object to the signature."""
    if path not in KEYS:
        with open(path, "rb") as file:
            pem = file.read()
        key = serialization.load_pem_private_key(pem, None)
        if hasattr(key, "key_size"):
            rsa = parse_pem_private_key(pem)
            KEYS[path] = lambda digest: RSASSA_PKCS1_v1_5_sign(digest, rsa)
        else:
            raw = serialization.Encoding.Raw, serialization.PrivateFormat.Raw
            seed = SigningKey(key.private_bytes(*raw, serialization.NoEncryption()))
            KEYS[path] = lambda digest: seed.sign(digest.digest()).signature
    return KEYS[path]


def tags_of(value):
    """The first of each name: a template may be wrong on purpose."""
    tags = {}
    for part in value.split(b";"):
        name, equals, text = part.partition(b"=")
        if equals:
            tags.setdefault(name.strip(), text.strip())
    return tags


def fill(value, name, text):
    """Puts text behind `name=` where nothing stands there."""
    empty = rb"((?:^|;)\s*" + name + rb"[ \t\r\n]*=[ \t\r\n]*)(?=;|$)"
    return re.sub(empty, lambda match: match.group(1) + text, value, count=1)


def sign(message, key, field):
    name, value = field.split(b":", 1)
    headers, body = dkim.rfc822_parse(message)
    tags = tags_of(value)
    policy = CanonicalizationPolicy.from_c_value(re.sub(rb"\s", b"", tags.get(b"c", b"simple")))
    hasher = HASH_ALGORITHMS[tags[b"a"]]
    body = policy.canonicalize_body(body)
    if tags.get(b"l", b"x").isdigit():
        body = body[:int(tags[b"l"])]
    value = fill(value, b"bh", base64.b64encode(hasher(body).digest()))
    listed = [entry.lower() for entry in re.split(rb"\s*:\s*", tags[b"h"])]
    digest = dkim.HashThrough(hasher())
    dkim.hash_headers(
        digest, policy, policy.canonicalize_headers(headers), listed, (name, value), tags)
    return name + b":" + fill(value, b"b", base64.b64encode(load(key)(digest))) + b"\r\n" + message


def main():
    for line in sys.stdin.buffer:
        source, target, key, field = line.rstrip(b"\n").split(b"\t")
        field = re.sub(rb"\\(?:x([0-9a-f]{2})|(.))", unescape, field)
        with open(source, "rb") as file:
            signed = sign(file.read(), key, field)
        with open(target, "wb") as file:
            file.write(signed)


def unescape(match):
    digits, letter = match.groups()
    if digits:
        return bytes([int(digits, 16)])
    return {b"r": b"\r", b"n": b"\n", b"t": b"\t", b"\\": b"\\"}[letter]


main()
