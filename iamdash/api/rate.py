"""How many requests a token may make in a minute: one counter in Valkey a token and minute, atomic over all web processes."""

from __future__ import annotations

import time

from django.conf import settings
from django.core.cache import cache
from redis.exceptions import RedisError

from iamdash.api.problems import Problem

MINUTE = 60


def take(token_id: int) -> None:
    """Raises Problem when the token has asked too often. Valkey may be lost at any time: without it nobody is counted."""
    now = time.time()
    key = f"api:{token_id}:{int(now // MINUTE)}"
    try:
        cache.add(key, 0, 2 * MINUTE)
        asked = cache.incr(key)
    except (RedisError, ValueError):
        return
    if asked > settings.API_PER_MINUTE:
        wait = MINUTE - int(now % MINUTE)
        told = f"This token has asked {settings.API_PER_MINUTE} times in this minute, which is the most it may."
        raise Problem(429, told, headers={"Retry-After": str(wait)})
