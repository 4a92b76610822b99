#!/usr/bin/python3
"""Writes this directory's messages, expectations and key records; README.md tells what they are.

Usage: make.py [DIRECTORY]. The same messages every time: RSA (PKCS #1 v1.5) and Ed25519 are
deterministic. Signed by dkimpy and Mail::DKIM, through tests/judges/sign-template.*.
"""

import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
JUDGES = HERE.parent.parent / "judges"
KEYS = HERE.parent / "keys"
TARGET = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else HERE
AT = 1_700_000_000

HEADER = "From: Ann Author <ann@example.com>\r\nTo: bob@example.net\r\nSubject: The minutes\r\n"
BODY = "Hello Bob,\r\n\r\nhere are  the minutes. \r\n"
PLAIN = f"{HEADER}\r\n{BODY}".encode()
UTF8 = "From: Jürgen <ann@example.com>\r\nSubject: Grüße\r\n\r\nGrüße\r\n".encode()
RECORDS = dict(line.split(" ", 1) for line in (KEYS / "records.txt").read_text().splitlines())


def public(key):
    return RECORDS[f"{key}._domainkey.example.com"].rpartition("p=")[2]


RSA, ED = public("rsa2048"), public("ed25519")
SMALL = subprocess.run(
    ["openssl", "rsa", "-in", KEYS / "rsa512.pem", "-pubout", "-outform", "DER"],
    check=True, capture_output=True).stdout
BARE = subprocess.run(
    ["openssl", "rsa", "-in", KEYS / "rsa2048.pem", "-RSAPublicKey_out", "-outform", "DER"],
    check=True, capture_output=True).stdout


def base64(octets):
    return subprocess.run(
        ["base64", "-w0"], input=octets, check=True, capture_output=True).stdout.decode()


def der(tag, content):
    size = len(content)
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    length = bytes([size]) if size < 128 else bytes([0x80 + len(octets)]) + octets
    return bytes([tag]) + length + content


def rsa(modulus, exponent):
    """Two numbers, which need not be a key, as the record of one has them (RFC 8017 A.1.1)."""
    # A zero stands in front of what would be negative without it.
    numbers = [der(2, n.to_bytes(n.bit_length() // 8 + 1, "big")) for n in (modulus, exponent)]
    return base64(der(0x30, b"".join(numbers)))


ODD = (1 << 2047) + 12345
# The frame of an elliptic curve's key (RFC 5480): id-ecPublicKey on prime256v1, and no point.
ELLIPTIC = base64(der(0x30, der(0x30, bytes.fromhex("06072a8648ce3d020106082a8648ce3d030107"))
                      + der(3, bytes(66))))


# Selector, record. A word in capitals is what DNS says instead of a record.
PUBLISHED = [
    ("rsa1024", f"v=DKIM1; k=rsa; p={public('rsa1024')}"),
    ("rsa2048", f"v=DKIM1; k=rsa; p={RSA}"),
    ("ed25519", f"v=DKIM1; k=ed25519; p={ED}"),
    ("no-version", f"p={RSA}"),
    ("testing", f"v=DKIM1; t=y; p={RSA}"),
    ("bare", f"v=DKIM1; p={base64(BARE)}"),
    ("domainkeys-era", f"g=*; k=rsa; p={RSA}"),
    ("folded", f"v=DKIM1; k = rsa ; h = sha1 : sha256 ; s = email ; n = a note; p = {RSA[:90]} {RSA[90:]}"),
    ("two-records", "v=spf1 -all"),
    ("two-records", f"v=DKIM1; p={RSA}"),
    ("revoked", "v=DKIM1; p="),
    ("small", f"v=DKIM1; p={base64(SMALL)}"),
    ("sha1-only", f"v=DKIM1; h=sha1; p={RSA}"),
    ("tlsrpt", f"v=DKIM1; s=tlsrpt; p={RSA}"),
    ("strict", f"v=DKIM1; t=s; p={RSA}"),
    ("version-2", f"v=DKIM2; p={RSA}"),
    ("version-last", f"p={RSA}; v=DKIM1"),
    ("unknown-type", f"v=DKIM1; k=dsa; p={RSA}"),
    ("no-p", "v=DKIM1; k=rsa"),
    ("no-base64", "v=DKIM1; p=***"),
    ("no-der", "v=DKIM1; p=AAAA"),
    ("repeated-tag", f"v=DKIM1; k=rsa; k=rsa; p={RSA}"),
    ("elliptic", f"v=DKIM1; k=rsa; p={ELLIPTIC}"),
    ("too-large", f"v=DKIM1; p={rsa((1 << 9000) + 1, 65537)}"),
    ("even", f"v=DKIM1; p={rsa(ODD + 1, 65537)}"),
    ("exponent", f"v=DKIM1; p={rsa(ODD, 65536)}"),
    ("ed25519-short", "v=DKIM1; k=ed25519; p=AAAA"),
    ("too-long", f"v=DKIM1; n={'x' * 20000}; p={RSA}"),
    ("no-record", "NODATA"),
    ("server-failure", "SERVFAIL"),
    ("timeout", "TIMEOUT"),
    ("refused", "REFUSED"),
    ("alias-loop", "LOOP"),
    ("unusable", "UNUSABLE"),
]

TEMPLATE = ("DKIM-Signature: v=1; a={a}; c={c}; d={d}; s={s};{more}\r\n"
            "\th={h};\r\n\tbh={bh};\r\n\tb=")


def field(a="rsa-sha256", c="relaxed/relaxed", d="example.com", s="rsa2048", more="",
          h="from:to:subject", bh=""):
    return TEMPLATE.format(**locals())


def sign(message, template, key="rsa2048", by="sign-template.py"):
    """The message below its signature."""
    with tempfile.TemporaryDirectory() as scratch:
        paths = [pathlib.Path(scratch) / name for name in ("in", "out")]
        paths[0].write_bytes(message)
        escaped = template.replace("\r", "\\r").replace("\n", "\\n").replace("\t", "\\t")
        line = f"{paths[0]}\t{paths[1]}\t{KEYS / key}.pem\t{escaped}\n".encode()
        subprocess.run([JUDGES / by], input=line, check=True)
        return paths[1].read_bytes()


def perl(message, template, key="rsa2048"):
    return sign(message, template, key, "sign-template.pl")


def changed(message, before, after):
    assert before in message, before
    return message.replace(before, after, 1)


def ed(message, **tags):
    return sign(message, field(a="ed25519-sha256", s="ed25519", **tags), "ed25519")


def cases():
    """Name, message, what is expected of each signature, and what is demanded beyond the rules."""
    good = "pass d=example.com s=rsa2048 pass"

    def bad(word, code, selector="rsa2048"):
        return f"{word} d=example.com s={selector} {code}"

    for header in "simple", "relaxed":
        for body in "simple", "relaxed":
            c = f"{header}/{body}"
            name = f"{header}-{body}"
            yield f"pass-{name}", perl(PLAIN, field(c=c)), [good]
            yield f"pass-{name}-1024", sign(PLAIN, field(c=c, s="rsa1024"), "rsa1024"), [
                "pass d=example.com s=rsa1024 pass"]
            yield f"pass-{name}-ed25519", ed(PLAIN, c=c), ["pass d=example.com s=ed25519 pass"]
    odd = ("DKIM-Signature:\tb  =;\r\n bh\t=\r\n\t; v = 1 ;a\r\n =rsa-sha256;c= relaxed ;\r\n"
           "  d\t=\texample.com;s=rsa2048;unknown=a b;h = FROM \r\n\t:  To:subject :\r\n from ;")
    yield "pass-odd-white-space", sign(PLAIN, odd), [good]
    yield "pass-without-c", perl(PLAIN, field(c="simple").replace(" c=simple;", "")), [good]
    yield "pass-utf-8", perl(UTF8, field(h="from:subject")), [good]
    yield "pass-empty-body-simple", perl(f"{HEADER}\r\n".encode(), field(c="simple/simple")), [good]
    yield "pass-empty-body-relaxed", perl(f"{HEADER}\r\n".encode(), field()), [good]
    yield "pass-no-body", perl(HEADER.encode(), field()), [good]
    yield "pass-blank-lines", perl(f"{HEADER}\r\n\r\n\r\n \r\n".encode(), field()), [good]
    yield "pass-unterminated", sign(f"{HEADER}\r\nno end".encode(), field(c="simple/simple")), [good]
    yield "pass-bare-cr", perl(f"{HEADER}\r\na \r b\r\n".encode(), field()), [good]
    yield "pass-over-signed", perl(PLAIN, field(h="from:from:to:x-missing:subject:x-missing")), [good]
    twice = changed(PLAIN, b"Subject", b"X-A: upper\r\nX-A: lower\r\nSubject")
    one = perl(twice, field(h="from:x-a"))
    yield "pass-repeated-field", perl(twice, field(h="x-a:from:x-a")), [good]
    yield "pass-upper-one-changed", changed(one, b"upper", b"UPPER"), [good]
    yield "wrong-lower-one-changed", changed(one, b"lower", b"LOWER"), [bad("fail", "signature-wrong")]
    yield "pass-length-all", perl(PLAIN, field(more=" l=37;", c="simple/relaxed")), [good]
    yield "pass-length-less", perl(PLAIN, field(more=" l=10;")) + b"and a footer\r\n", [good]
    yield "pass-length-zero", sign(PLAIN, field(more=" l=0;")) + b"and a footer\r\n", [good]
    yield "pass-expires-later", perl(PLAIN, field(more=f" t={AT}; x={AT + 1};")), [good]
    yield "pass-clock-drift", perl(PLAIN, field(more=f" t={AT + 299};")), [good]
    yield "pass-subdomain", perl(PLAIN, field(more=" i=ann@mail.example.com;")), [good]
    several = perl(sign(ed(PLAIN), field(s="rsa1024"), "rsa1024"), field())
    yield "pass-several", several, [
        good, "pass d=example.com s=rsa1024 pass", "pass d=example.com s=ed25519 pass"]
    yield "some-pass", changed(perl(ed(PLAIN), field(h="from")), b"minutes\r", b"hours\r"), [
        good, bad("fail", "signature-wrong", "ed25519")]
    for selector in "no-version", "testing", "bare", "domainkeys-era", "folded", "two-records":
        yield f"pass-key-{selector}", perl(PLAIN, field(s=selector)), [
            f"pass d=example.com s={selector} pass"]
    yield "none", PLAIN, []

    signed = perl(PLAIN, field())
    yield "body-changed", changed(signed, b"Hello", b"hello"), [bad("fail", "body-changed")]
    yield "body-footer", signed + b"-- \r\nlist\r\n", [bad("fail", "body-changed")]
    yield "body-shorter", perl(PLAIN, field(more=" l=1000;")), [bad("fail", "body-shorter")]
    yield "header-changed", changed(signed, b"minutes\r", b"hours\r"), [bad("fail", "signature-wrong")]
    yield "header-refolded", changed(perl(PLAIN, field(c="simple")), b"The minutes", b"The\r\n minutes"), [
        bad("fail", "signature-wrong")]
    yield "another-key", perl(PLAIN, field(s="rsa1024")), [bad("fail", "signature-wrong", "rsa1024")]
    over = perl(PLAIN, field(h="from:subject:subject"))
    yield "over-signed-added", b"Subject: more\r\n" + over, [bad("fail", "signature-wrong")]
    yield "expired", perl(PLAIN, field(more=f" t={AT - 2000}; x={AT - 1000};")), [bad("policy", "expired")]
    yield "from-the-future", perl(PLAIN, field(more=f" t={AT + 4000};")), [
        bad("policy", "from-the-future")]
    yield "from-added", b"From: eve@example.net\r\n" + signed, [bad("policy", "from-not-covered")]
    less = perl(PLAIN, field(more=" l=10;"))
    yield "body-not-covered", less, [bad("policy", "body-not-covered")], ["body-percent 100"]
    yield "field-not-signed", perl(PLAIN, field(h="from:to")), [bad("policy", "field-not-signed")], [
        "field subject"]
    yield "key-below-minimum", sign(PLAIN, field(s="rsa1024"), "rsa1024"), [
        bad("policy", "key-below-minimum", "rsa1024")], ["key-bits 2048"]
    stranger = PLAIN.replace(b"ann@example.com", b"ann@example.org")
    yield "not-trusted", perl(stranger, field()), [bad("policy", "not-trusted")], ["trusted example.net"]
    yield "trusted", perl(stranger, field()), [good], ["trusted example.com"]
    many = ed(PLAIN)
    for _ in range(10):
        many = perl(many, field())
    yield "not-examined", many, 10 * [good] + [bad("policy", "not-examined", "ed25519")]

    def malformed(name, detail, before, after):
        message = changed(signed, before.encode(), after.encode())
        known = [] if detail.startswith("tags-") else ["d", "s"]
        domain = "example.com" if known and name not in ("no-d", "bad-d") else "-"
        selector = "rsa2048" if known and name != "no-s" else "-"
        return f"malformed-{name}", message, [f"permerror d={domain} s={selector} malformed/{detail}"]

    yield malformed("no-v", "missing", "v=1; ", "")
    yield malformed("version-2", "value", "v=1;", "v=2;")
    yield malformed("no-a", "missing", "a=rsa-sha256; ", "")
    yield malformed("unknown-a", "value", "a=rsa-sha256;", "a=dsa-sha256;")
    yield malformed("no-d", "missing", "d=example.com; ", "")
    yield malformed("bad-d", "domain", "d=example.com;", "d=exa mple..com;")
    yield malformed("no-s", "missing", "s=rsa2048;", "")
    yield malformed("no-h", "missing", "h=from:to:subject;", "")
    yield malformed("empty-h", "from-not-listed", "h=from:to:subject;", "h=;")
    yield malformed("from-not-listed", "from-not-listed", "h=from:to:subject;", "h=to:subject;")
    yield malformed("no-bh", "missing", "\tbh=", "\txbh=")
    yield malformed("no-b", "missing", "\tb=", "\txb=")
    yield malformed("unknown-c", "value", "c=relaxed/relaxed;", "c=nowsp;")
    yield malformed("bad-l", "value", "h=from", "l=-1; h=from")
    yield malformed("bad-t", "value", "h=from", "t=now; h=from")
    yield malformed("bad-x", "value", "h=from", "x=; h=from")
    yield malformed("expires-too-early", "expires-too-early", "h=from", f"t={AT}; x={AT - 1}; h=from")
    yield malformed("other-identity", "identity-outside", "h=from", "i=@example.net; h=from")
    yield malformed("unknown-q", "value", "h=from", "q=http; h=from")
    yield malformed("no-value", "tags-no-value", "v=1;", "v;")
    yield malformed("repeated-tag", "tags-duplicate", "v=1;", "v=1; v=1;")
    yield malformed("bad-name", "tags-no-name", "v=1;", "v=1; 1v=1;")
    yield malformed("control", "tags-bad-octet", "v=1;", "v=1\x7f;")
    yield malformed("many-tags", "tags-too-many", "v=1;", "v=1; " + "".join(f"x{n}=;" for n in range(64)))
    yield malformed("many-names", "too-many-fields", "h=from:to", "h=from:to" + 999 * ":x")
    yield "malformed-no-tags", b"DKIM-Signature: \r\n" + PLAIN, ["permerror d=- s=- malformed/tags-empty"]
    yield "malformed-no-from", signed.replace(b"From: Ann", b"X-From: Ann"), [
        bad("permerror", "malformed/no-from")]

    yield "sha1", perl(PLAIN, field(a="rsa-sha1")), [bad("permerror", "sha1")]
    yield "small-key", sign(PLAIN, field(s="small"), "rsa512"), [
        bad("permerror", "key-too-small", "small")]
    yield "no-key", perl(PLAIN, field(s="nowhere")), [bad("permerror", "no-key", "nowhere")]
    for selector, word, code in [
            ("no-record", "permerror", "no-key-record"), ("revoked", "permerror", "key-revoked"),
            ("sha1-only", "permerror", "hash-not-allowed"), ("tlsrpt", "permerror", "not-for-mail"),
            ("server-failure", "temperror", "key-unavailable/server-failure"),
            ("timeout", "temperror", "key-unavailable/timeout"),
            ("refused", "temperror", "key-unavailable/refused"),
            ("alias-loop", "temperror", "key-unavailable/alias-loop"),
            ("unusable", "temperror", "key-unavailable/unusable"),
            ("version-2", "permerror", "bad-key/version"),
            ("version-last", "permerror", "bad-key/version-not-first"),
            ("unknown-type", "permerror", "bad-key/type"), ("no-p", "permerror", "bad-key/no-key"),
            ("no-base64", "permerror", "bad-key/base64"), ("no-der", "permerror", "bad-key/der"),
            ("elliptic", "permerror", "bad-key/algorithm"),
            ("too-large", "permerror", "bad-key/too-large"),
            ("even", "permerror", "bad-key/even-modulus"),
            ("exponent", "permerror", "bad-key/exponent"),
            ("ed25519-short", "permerror", "bad-key/ed25519-length"),
            ("repeated-tag", "permerror", "bad-key/tags"),
            ("too-long", "permerror", "bad-key/too-long"),
            ("ed25519", "permerror", "key-of-another-kind")]:
        yield f"key-{selector}", perl(PLAIN, field(s=selector)), [bad(word, code, selector)]
    yield "key-strict", perl(PLAIN, field(s="strict", more=" i=@mail.example.com;")), [
        bad("permerror", "subdomain-not-allowed", "strict")]
    yield "pass-key-strict", perl(PLAIN, field(s="strict")), ["pass d=example.com s=strict pass"]


def main():
    records = "".join(f"{s}._domainkey.example.com {record}\n" for s, record in PUBLISHED)
    (TARGET / "keys.txt").write_text(records)
    for name, message, lines, *demands in cases():
        (TARGET / f"{name}.eml").write_bytes(message)
        head = [f"at: {AT}", "keys: keys.txt"]
        head += [f"demand: {demand}" for demand in (demands[0] if demands else [])]
        (TARGET / f"{name}.expect").write_text("\n".join(head + lines) + "\n")


main()
