"""HM112: who signed in to the console without MFA, once all users are there."""

from datetime import timedelta

from collectors.lab.population.builder import Builder
from collectors.lab.trail.ordinary import DAYS

WATCHED_DAYS = DAYS  # a collector reads more at first


def judge(b: Builder) -> None:
    """Of those who did within the weeks of the trail, all of which a collector reads."""
    oldest = b.as_of - timedelta(days=WATCHED_DAYS)
    for user in b.iam.users.values():
        if user.password and user.password_last_used and user.password_last_used >= oldest:
            state, how = (b.clear, "with") if user.mfa_devices else (b.open, "without")
            state("HM112", "user", user.name, f"signed in {how} MFA")
