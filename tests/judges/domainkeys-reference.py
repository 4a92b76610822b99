#!/usr/bin/python3
"""A second, independent reading of RFC 4870: verifies every DomainKey-Signature of a message.

Usage and output: README.md in this directory. With --input it writes the octets that the first
signature covers to stdout instead, and checks nothing.
"""

import base64
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import load_der_public_key
from records import open_records


def split(message):
    """The header fields (without their last CRLF) and the lines of the body."""
    fields, lines = [], message.split(b"\r\n")
    while lines and lines[0]:
        line = lines.pop(0)
        if line[:1] in b" \t" and fields:
            fields[-1] += b"\r\n" + line
        else:
            fields.append(line)
    body = lines[1:]
    return fields, body[:-1] if body and not body[-1] else body  # after the last CRLF: no line


def name(field):
    return field.split(b":", 1)[0].strip().lower()


def tag_list(text):
    pairs = (part.split(b"=", 1) for part in text.split(b";") if b"=" in part)
    return {key.strip(): b"".join(value.split()) for key, value in pairs}


def hash_input(fields, body, at, tags):
    """RFC 4870 section 3.4.2: what the signature field number `at` covers."""
    below = fields[at + 1:]
    if b"h" in tags:
        listed = tags[b"h"].lower().split(b":")
        below = [field for field in below if name(field) in listed]
    lines = below + [b""] + body
    if tags.get(b"c", b"simple") == b"nofws":
        lines = [line.translate(None, b" \t\r\n") for line in lines]
    while lines and not lines[-1]:
        lines.pop()
    return b"".join(line + b"\r\n" for line in lines)


def judge(message, records):
    fields, body = split(message)
    for at in (i for i, field in enumerate(fields) if name(field) == b"domainkey-signature"):
        tags = tag_list(fields[at].split(b":", 1)[1])
        d, s = (tags.get(tag, b"-").decode() for tag in (b"d", b"s"))
        c, result = tags.get(b"c", b"-").decode(), "pass"
        try:
            record = tag_list(records(f"{s}._domainkey.{d}") or b"")
            load_der_public_key(base64.b64decode(record[b"p"])).verify(
                base64.b64decode(tags[b"b"]), hash_input(fields, body, at, tags), PKCS1v15(), SHA1()
            )
        except (InvalidSignature, KeyError, ValueError) as error:
            result = f"{type(error).__name__} {error}".strip()
        word = "pass" if result == "pass" else "fail"
        yield f"domainkeys {word} d={d} s={s} a={tags.get(b'a', b'-').decode()} c={c} ({result})"


if sys.argv[1] == "--input":
    FIELDS, BODY = split(sys.stdin.buffer.read())
    AT = [name(field) for field in FIELDS].index(b"domainkey-signature")
    TAGS = tag_list(FIELDS[AT].split(b":", 1)[1])
    sys.stdout.buffer.write(hash_input(FIELDS, BODY, AT, TAGS))
    sys.exit()
RECORDS = open_records(sys.argv[1])
for path in sys.stdin.read().splitlines():
    for verdict in list(judge(open(path, "rb").read(), RECORDS)) or ["none"]:
        print(path, verdict, sep="\t")
