"""Temporary credentials: sessions of roles, as sts gives them out."""

import secrets
import string
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

MOST_KEPT = 20_000
ID_LETTERS = string.ascii_uppercase + "234567"  # AWS ids are base 32


def now() -> datetime:
    """Sessions live by the real clock: boto3 compares their expiry with it."""
    return datetime.now(UTC)


@dataclass
class Session:
    """An assumed role under its temporary access key."""

    access_key: str
    secret: str
    token: str
    account: str
    role_name: str
    role_arn: str
    role_id: str
    name: str
    expires: datetime
    policy: str | None = None
    day: datetime | None = None  # the day of the past it lives on, None: the present

    @property
    def arn(self) -> str:
        return f"arn:aws:sts::{self.account}:assumed-role/{self.role_name}/{self.name}"

    @property
    def user_id(self) -> str:
        return f"{self.role_id}:{self.name}"

    @property
    def expired(self) -> bool:
        return now() >= self.expires


class Sessions:
    """The sessions of one lab by access key id."""

    def __init__(self) -> None:
        self._by_key: dict[str, Session] = {}
        self._lock = threading.Lock()

    def open(
        self,
        account: str,
        role_arn: str,
        role_id: str,
        name: str,
        seconds: int,
        policy: str | None = None,
        day: datetime | None = None,
    ) -> Session:
        key = "ASIA" + "".join(secrets.choice(ID_LETTERS) for _ in range(16))
        session = Session(
            access_key=key,
            secret=secrets.token_urlsafe(30),
            token="FwoGZXIvYXdzE" + secrets.token_urlsafe(180),
            account=account,
            role_name=role_arn.rpartition("/")[2],
            role_arn=role_arn,
            role_id=role_id,
            name=name,
            expires=now() + timedelta(seconds=seconds),
            policy=policy,
            day=day,
        )
        with self._lock:
            if len(self._by_key) >= MOST_KEPT:  # long-running labs: then expired keys become unknown ones
                self._by_key = {k: kept for k, kept in self._by_key.items() if not kept.expired}
            self._by_key[key] = session
        return session

    def get(self, access_key: str) -> Session | None:
        return self._by_key.get(access_key)

    def expire(self, account: str = "*") -> int:
        """End the sessions in an account at once; returns how many."""
        with self._lock:
            ended = [s for s in self._by_key.values() if account in ("*", s.account) and not s.expired]
            for session in ended:
                session.expires = now()
        return len(ended)
