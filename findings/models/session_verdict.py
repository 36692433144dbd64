from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models.lookups import Contains, Lookup

from collectors import records
from collectors.models import Account, UsageSession
from findings.analysis.kinds import Confidence

ACTORS = [(actor.value, actor.value.replace("_", " ")) for actor in records.Actor]


class Folded(models.TextField):
    """Text in small letters, to be searched in: `icontains` then needs no upper() of each row, which is most of its cost."""

    def get_prep_value(self, value: Any) -> Any:
        return str(super().get_prep_value(value)).lower()


@Folded.register_lookup
class _Folded(Lookup):
    lookup_name = "icontains"

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return Contains(self.lhs, self.rhs).as_sql(compiler, connection)


class SessionVerdict(models.Model):
    """Who was behind a session, as of the account's last judgement (analysis/activity/verdict.py). A session without a row was
    read after it.

    It is stored because lists count people among a million sessions, and a page sees no more accounts than its operator, while
    who is behind a caller may be told by another one's. For the same reason the row has all that a list narrows by; the index
    answers counts alone. day: the session's, with which the row goes. at: of the last call, or the beginning of the day where
    none was seen, so that it lies in that day. machine: the role or user is a machine's, as HM101 and HM102 mean it. reasons:
    sentences about the session without a subject. lineage: who opened it, hop by hop, "" where it is not known. text: what a
    search looks in.
    """

    class Who(models.IntegerChoices):
        PERSON = 1, "a person"
        PROGRAM = 2, "a program"
        UNTOLD = 3, "not told"

    kept = UsageSession.kept

    session = models.OneToOneField(
        UsageSession, models.CASCADE, primary_key=True, related_name="verdict", db_constraint=False
    )
    day = models.DateField()
    account = models.ForeignKey(Account, models.CASCADE)
    at = models.DateTimeField()
    actor = models.CharField(max_length=16, choices=ACTORS)
    sign_in = models.CharField(max_length=16, default="", blank=True)
    who = models.PositiveSmallIntegerField(choices=Who)
    confidence = models.CharField(max_length=8, choices=[(c.value, c.value) for c in Confidence])
    machine = models.BooleanField()
    reasons = models.JSONField()
    lineage = models.TextField(default="", blank=True)
    text = Folded(default="", blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["at", "session", "account"],
                include=["who", "machine", "actor", "sign_in"],
                name="session_verdict_in_seen_order",
            ),
            models.Index(
                fields=["at", "session", "account"],
                name="human_on_machine_seen",
                condition=models.Q(who=1, machine=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_who_display()} behind {self.session_id}"
