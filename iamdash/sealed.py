"""Secrets at rest: AES-256-GCM under a key derived from the installation's secret key (HKDF-SHA-256).

A stolen dump without the secret key file opens none of them. A text is bound to what it is about, so that a row copied onto
another one does not open. Whoever changes the secret key keeps the old one in SECRET_KEY_FALLBACKS, or gives the secrets anew.
"""

from __future__ import annotations

import os
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

VERSION, NONCE = b"\x01", 12


class SealError(Exception):
    """The secret key is another one than when this was sealed, or the bytes are not what was sealed."""


def seal(text: str, about: str) -> bytes:
    """about: what it belongs to, in words that stay ("channel 6f1d..."). The same open it."""
    nonce = os.urandom(NONCE)
    return VERSION + nonce + _cipher(settings.SECRET_KEY).encrypt(nonce, text.encode(), _bound(about))


def opened(sealed: bytes, about: str) -> str:
    sealed = bytes(sealed)
    if sealed[:1] == VERSION:
        for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
            try:
                return _cipher(key).decrypt(sealed[1 : 1 + NONCE], sealed[1 + NONCE :], _bound(about)).decode()
            except (InvalidTag, ValueError):
                continue
    raise SealError("The secret cannot be opened: iamdash's secret key has changed since it was stored. Give it anew.")


def _bound(about: str) -> bytes:
    return VERSION + about.encode()


@lru_cache(maxsize=4)
def _cipher(key: str) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, salt=None, info=b"iamdash sealed 1").derive(key.encode()))
