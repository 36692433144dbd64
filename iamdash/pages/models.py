"""What operators keep of the pages themselves. Nothing of it comes from AWS, and only the web reads and writes it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class SavedView(models.Model):
    """A list as somebody asked for it, by a name. list: the name of its page. query: its address behind the "?".

    A shared one is seen by every operator, but not by those who do not see an account that it names (saved.py).
    """

    list = models.CharField(max_length=40)
    name = models.CharField(max_length=80)
    query = models.CharField(max_length=4000, blank=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="views")
    shared = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "list", "name"], name="one_view_of_a_name")]
        indexes = [models.Index(fields=["list", "name"], name="saved_view_of_list")]

    def __str__(self) -> str:
        return self.name
