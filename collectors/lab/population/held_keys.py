"""KY109 and KY112 of what the population implies, once all users are there: people with keys, rotations that did not end."""

from datetime import datetime, timedelta

from moto.iam.models import User

from collectors.lab.population.builder import Builder
from collectors.lab.population.sign_ins import WATCHED_DAYS
from collectors.lab.population.verdicts import TWO_KEYS_DAYS


def judge(b: Builder) -> None:
    for user in b.iam.users.values():
        judge_people(b, user)
        judge_rotation(b, user)


def judge_people(b: Builder, user: User) -> None:
    """Ordinary people use their keys at their desks."""
    for key in user.access_keys:
        seen = key.last_used and age(b, key.last_used.timestamp) < WATCHED_DAYS
        if "." in user.name and user.password and seen and key.status == "Active":
            b.open("KY109", "key", key.access_key_id, "a person's, used at a desk")


def judge_rotation(b: Builder, user: User) -> None:
    """The younger key is in use, and the older one still was when the rotation should have been over."""
    active = sorted((key for key in user.access_keys if key.status == "Active"), key=lambda key: key.create_date)
    if len(active) < 2 or not all(key.last_used for key in active):
        return
    old, new = active[0], active[-1]
    rotation = (new.create_date - old.create_date).days >= TWO_KEYS_DAYS
    late = (old.last_used.timestamp - new.create_date).days >= TWO_KEYS_DAYS
    state = b.open if rotation and late else b.clear
    state("KY112", "user", user.name, f"{new.access_key_id} did not end {old.access_key_id}")


def age(b: Builder, moment: datetime) -> float:
    return (b.as_of - moment) / timedelta(days=1)
