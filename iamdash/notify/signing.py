"""Signatures of messages, as Standard Webhooks 1.0 says (standardwebhooks.com), so that receivers can take a library for it.

    webhook-id: msg_...             the same for each attempt: who has seen it ignores it
    webhook-timestamp: 1795716000   seconds since 1970, of this attempt
    webhook-signature: v1,<base64>  HMAC-SHA-256 over "<id>.<timestamp>.<raw body>"; several stand apart by spaces

The key is what follows "whsec_" in the secret, decoded from base64. docs/operate/alerts.md shows a receiver.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import datetime

ID, AT, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
PREFIX = "whsec_"
TOLERANCE = 300  # seconds between our clock and theirs, and what a recorded message is good for


def new_secret() -> str:
    """256 bits, to be shown once."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def signed(secret: str, message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The three headers. Raises ValueError for a secret that is none."""
    stamp = str(int(at.timestamp()))
    return {ID: message_id, AT: stamp, SIGNATURE: "v1," + _mac(secret, message_id, stamp, body)}


def verified(secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
    """Whether somebody who has the secret sent this body within TOLERANCE of now. headers: with names in lower case."""
    message_id, stamp = headers.get(ID, ""), headers.get(AT, "")
    if not message_id or not (stamp.isascii() and stamp.isdigit() and len(stamp) < 15):
        return False
    if abs(now.timestamp() - int(stamp)) > TOLERANCE:
        return False
    wanted = ("v1," + _mac(secret, message_id, stamp, body)).encode()
    given = headers.get(SIGNATURE, "").encode(errors="replace").split()
    return any(hmac.compare_digest(wanted, one) for one in given)


def _mac(secret: str, message_id: str, stamp: str, body: bytes) -> str:
    content = b".".join((message_id.encode(errors="replace"), stamp.encode(), body))
    return base64.b64encode(hmac.digest(_key(secret), content, hashlib.sha256)).decode()


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) < 16:
        raise ValueError("A signing secret is whsec_ and 24 or more bytes in base64.")
    return key
