"""The file of a review that can be verified: JSON lines, each with the hash of itself and of all before it, signed at the end.

A line is {"n": from 0, "hash": hex, "body": {...}}; its hash is SHA-256 of the hash before it (64 zeros at the beginning) and
of the body as canonical JSON (keys sorted, no blanks, UTF-8). The last body has "type": "end", the number of lines before it,
and the installation's public key; its line carries the Ed25519 signature of its hash. So who has the public key can tell, without
the installation, that nothing was changed, added or left out.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

BEGIN = "0" * 64
PURPOSE = b"iamdash access review 1"  # another purpose of the same secret has another key, and signs nothing of ours
LONGEST = 4_000_000  # characters of a line
FIELDS = frozenset({"n", "hash", "body", "signature"})
Body = Mapping[str, Any]


def key_of(secret: str) -> Ed25519PrivateKey:
    """The installation's signing key. secret: its SECRET_KEY; with another one the key is another."""
    seed = HKDF(SHA256(), 32, salt=None, info=PURPOSE).derive(secret.encode())
    return Ed25519PrivateKey.from_private_bytes(seed)


def public_of(key: Ed25519PrivateKey) -> str:
    """64 hex digits."""
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


def canonical(value: Any) -> bytes:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8", "surrogatepass")


def digest(value: Any) -> str:
    return hashlib.sha256(canonical(value)).hexdigest()


def _next(before: str, body: Body) -> str:
    return hashlib.sha256(before.encode() + canonical(body)).hexdigest()


def lines(bodies: Iterable[Body], key: Ed25519PrivateKey) -> Iterator[str]:
    """The file, line by line. bodies: JSON values."""
    n, head = 0, BEGIN
    for body in bodies:
        head = _next(head, body)
        yield _line({"n": n, "hash": head, "body": body})
        n += 1
    end = {"type": "end", "lines": n, "public_key": public_of(key)}
    head = _next(head, end)
    yield _line({"n": n, "hash": head, "body": end, "signature": key.sign(PURPOSE + bytes.fromhex(head)).hex()})


def _line(value: Body) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"


@dataclass(frozen=True)
class Verified:
    """problems: sentences, none for a file as it was made. signed_by: the public key that the file names, "" for none."""

    problems: tuple[str, ...]
    lines: int
    signed_by: str
    header: Body


def verify(text: Iterable[str], public_key: str) -> Verified:
    """text: the file's lines. public_key: the one that is trusted, never the file's own."""
    reading = _Reading(public_key)
    for line in text:
        reading.take(line)
    reading.close()
    return Verified(tuple(reading.problems), reading.n, reading.signed_by, reading.header)


class _Reading:
    """Goes on after what it found, so that it can say all that was altered."""

    def __init__(self, trusted: str) -> None:
        self.trusted, self.problems = trusted.lower(), list[str]()
        self.n, self.head, self.signed_by, self.ended = 0, BEGIN, "", False
        self.header: Body = {}

    def take(self, line: str) -> None:
        try:
            told: Any = json.loads(line, object_pairs_hook=_once) if len(line) <= LONGEST else None
            n, stated, body = told["n"], told["hash"], told["body"]
            whole = type(n) is int and isinstance(stated, str) and isinstance(body, dict) and told.keys() <= FIELDS
        except (ValueError, TypeError, KeyError, RecursionError):
            whole = False
        if not whole:
            self.problems.append(f"Line {self.n} cannot be read.")
            self.n += 1
            return
        self._order(n)
        if self.ended:
            self.problems.append(f"Line {n} comes after the end.")
        if stated != _next(self.head, body):
            self.problems.append(f"Line {n}{_named(body)} was altered, or what came before it is not what was there.")
        if "frozen" in body and body["frozen"] != digest(body.get("evidence")):
            self.problems.append(f"Line {n}{_named(body)}: the evidence is not what was frozen.")
        self.n, self.head = n + 1, stated
        self.header = self.header or body
        if body.get("type") == "end":
            self._end(told, body)

    def _order(self, n: int) -> None:
        if n > self.n:
            missing = f"Lines {self.n} to {n - 1} are" if n - self.n > 1 else f"Line {self.n} is"
            self.problems.append(f"{missing} missing.")
        elif n < self.n:
            self.problems.append(f"Line {n} stands where line {self.n} is expected.")

    def _end(self, told: Any, body: Body) -> None:
        self.ended, self.signed_by = True, str(body.get("public_key", ""))
        if body.get("lines") != self.n - 1:
            self.problems.append(f"The end counts {body.get('lines')} lines before it, not {self.n - 1}.")
        try:
            signed = PURPOSE + bytes.fromhex(told["hash"])
            key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(self.trusted))
            key.verify(bytes.fromhex(told["signature"]), signed)
        except (InvalidSignature, ValueError, TypeError, KeyError):
            other = self.signed_by != self.trusted
            self.problems.append(
                f"The signature is not of the trusted key {self.trusted}"
                + (f"; the file names the key {self.signed_by}." if other else ".")
            )

    def close(self) -> None:
        if not self.ended:
            self.problems.append("The end with the signature is missing.")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A name that stands twice reads otherwise for a person than for a program."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice")
    return found


def _named(body: Body) -> str:
    name = body.get("name")
    return f" ({body.get('type')} {name})" if isinstance(name, str) else ""
