"""What one lab is made from: the same settings always give the same organization."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

MANAGEMENT_AND_SECURITY = 2


def today() -> datetime:
    """The default point in time of the population: this day, 00:00 UTC."""
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


@dataclass(frozen=True)
class Settings:
    """Sizes are per account and lower bounds: what is planted in an account is always there.

    day: the day of the past that a world shows (see collectors.lab.past); None: the present, as_of.
    """

    port: int = 0
    host: str = "127.0.0.1"
    accounts: int = 12
    roles: int = 25
    users: int = 8
    seed: int = 7
    as_of: datetime = field(default_factory=today)
    day: datetime | None = None

    def __post_init__(self) -> None:
        if self.accounts < MANAGEMENT_AND_SECURITY:
            raise ValueError("a lab needs at least 2 accounts: the management account and the security account")
        if self.as_of.tzinfo is None:
            raise ValueError("as_of needs a time zone")

    @property
    def now(self) -> datetime:
        """The moment at which this world answers."""
        return self.day or self.as_of
