"""The organization on a day of the past: what was there then, in the state it was in then.

Nothing is simulated forward. The present is built once more from the same draws, so that every unique id is the same on
all days; entities that lived only in the past are put beside it (story.py, incident.py, root.py); then everything that was
not born or had died is taken out, and ages, uses, passwords and devices are set back (rewind.py).
"""

from dataclasses import replace
from datetime import datetime, timedelta

from collectors.lab.past import incident, root, story
from collectors.lab.past.rewind import Past
from collectors.lab.population import populate
from collectors.lab.world import World

LONGEST = timedelta(days=190)  # the story begins half a year ago; before that nobody has thought of anything
KEPT = 2  # days; whoever asks for a third one ends the sessions of the first
OURS = {"Key": "application", "Value": "iamdash"}


def go_to(present: World, day: datetime) -> datetime | None:
    """Make a day's world, unless it is one of the last few. Returns the day, or None where it is the present's own."""
    if day == present.settings.as_of:
        return None
    if not present.settings.as_of - LONGEST <= day < present.settings.as_of:
        raise ValueError(f"the lab knows the {LONGEST.days} days before {present.settings.as_of:%F}")
    with present.past_lock:
        world = present.past.pop(day, None) or build(present, day)
        present.past[day] = world
        for oldest in list(present.past)[:-KEPT]:
            del present.past[oldest]
    adopt(present, world)
    return day


def build(present: World, day: datetime) -> World:
    """Sessions, faults, counts and report states are one lab's, whatever the day."""
    world = World(replace(present.settings, day=day))
    for shared in ("faults", "sessions", "calls", "report_states", "jobs", "stopping", "lock"):
        setattr(world, shared, getattr(present, shared))
    populate(world)
    with world.entered():
        for account in world.accounts:
            if account.status == "ACTIVE":
                past = Past(world, account)
                story.tell(past)
                incident.tell(past)
                root.tell(past)
                past.rewind()
    return world


def adopt(present: World, world: World) -> None:
    """The collector's own roles are the present's, also where they were made later."""
    for account in world.accounts:
        roles = world.iam(account.id).roles
        roles.update({key: role for key, role in present.iam(account.id).roles.items() if OURS in (role.tags or [])})
