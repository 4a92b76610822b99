#!/usr/bin/python3
"""dkimpy as a judge: DKIM with RSA and Ed25519, key records from a file or a nameserver on this host.

Usage and output: README.md in this directory.
"""

import logging
import sys

import dkim
from dkim.util import InvalidTagValueList, parse_tag_value
from records import open_records


def tags_of(value):
    try:
        return parse_tag_value(value)
    except InvalidTagValueList:
        return {}


def word(value):
    """On one line and without blanks, whatever a damaged message has in it."""
    return "".join(value.decode("ascii", "replace").split()) or "-"


class Complaints(logging.Handler):
    """Some refusals are only logged; the last one becomes the reason."""

    last = ""

    def emit(self, record):
        self.last = record.getMessage()


def verdicts(message, records, complaints, logger):
    count = sum(1 for name, _ in dkim.DKIM(message).headers if name.lower() == b"dkim-signature")
    for index in range(count):
        complaints.last = ""
        verifier = dkim.DKIM(message, logger=logger)
        fields = [value for name, value in verifier.headers if name.lower() == b"dkim-signature"]
        try:
            passed = verifier.verify(idx=index, dnsfunc=lambda name, timeout=5: records(name))
            reason = complaints.last or ("pass" if passed else "signature mismatch")
        except Exception as error:  # any exception is a "no", and must not stop the batch
            passed, reason = False, f"{type(error).__name__}: {error}"
        tags = tags_of(fields[index])
        named = (word(tags.get(tag, b"-")) for tag in (b"d", b"s", b"a", b"c"))
        yield "dkim {} d={} s={} a={} c={} ({})".format(
            "pass" if passed else "fail", *named, " ".join(reason.split())
        )


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: dkimpy.py RECORDS <list-of-messages")
    records = open_records(sys.argv[1])
    logger, complaints = logging.getLogger("judge"), Complaints()
    logger.addHandler(complaints)
    logger.propagate = False
    for line in sys.stdin:
        path = line.rstrip("\n")
        try:
            with open(path, "rb") as message:
                lines = list(verdicts(message.read(), records, complaints, logger)) or ["none"]
        except Exception as error:
            lines = [f"broken ({type(error).__name__}: {' '.join(str(error).split())})"]
        for verdict in lines:
            print(path, verdict, sep="\t")


main()
