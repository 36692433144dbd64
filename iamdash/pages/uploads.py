"""Handing in a bundle: it lies in the database until a worker has read it, so how much may lie there has an end."""

from __future__ import annotations

import math
import zipfile

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import connection
from django.db.models import BigIntegerField, Count, F, Func, Sum
from django.db.models.functions import Coalesce

from collectors.models import Account, BundleUpload
from iamdash.access.database import seeing_all

UPLOAD_LIMIT = 50_000_000  # bytes
OF_ONE = 4  # an operator may have this part of all waiting
LENGTH = Coalesce(Sum(Func(F("content"), function="octet_length", output_field=BigIntegerField())), 0)
_LOCK = 0x1A3DA5B0  # our advisory lock


class TooMuchWaitsError(Exception):
    """Nothing was kept; the message names the limit and the next step."""


class UploadBundle(forms.Form):
    """A zip of a bundle. Its content is not looked at here: the worker reads it, within its limits."""

    file = forms.FileField(label="Bundle (zip)", allow_empty_file=False)

    def clean_file(self) -> UploadedFile:
        file: UploadedFile = self.cleaned_data["file"]
        if (file.size or 0) > UPLOAD_LIMIT:
            raise forms.ValidationError(
                f"{file.name} is larger than {UPLOAD_LIMIT // 1_000_000} MB. Load it on the server: manage.py bundle load."
            )
        if not zipfile.is_zipfile(file):
            raise forms.ValidationError(
                f"{file.name} is no zip. The command manage.py bundle --help prints how to make one."
            )
        file.seek(0)
        return file

    def save(self, account: Account, by: str) -> None:
        """Raises TooMuchWaitsError."""
        file = self.cleaned_data["file"]
        room_for(file.size, by)
        BundleUpload.objects.create(
            account=account, file_name=(file.name or "bundle.zip")[:255], content=file.read(), uploaded_by=by
        )


def room_for(size: int, by: str) -> None:
    """Uploads go one after the other until the transaction ends, so that no two take the same room. Others' bundles count, of
    whatever accounts. Raises TooMuchWaitsError."""
    with seeing_all(), connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
        waiting = BundleUpload.objects.filter(finished_at=None)
        own = waiting.filter(uploaded_by=by).aggregate(n=Count("pk"), size=LENGTH)
        every = waiting.aggregate(n=Count("pk"), size=LENGTH)
    most, megabytes = settings.UPLOADS_WAITING, settings.UPLOADS_WAITING_MB
    _within(own["n"] + 1, most // OF_ONE, "bundles of yours", f"a quarter of IAMDASH_UPLOADS_WAITING={most}")
    _within(every["n"] + 1, most, "bundles", f"IAMDASH_UPLOADS_WAITING={most}")
    own_mb, every_mb = ((found["size"] + size) / 1_000_000 for found in (own, every))
    _within(own_mb, megabytes // OF_ONE, "MB of yours", f"a quarter of IAMDASH_UPLOADS_WAITING_MB={megabytes}")
    _within(every_mb, megabytes, "MB", f"IAMDASH_UPLOADS_WAITING_MB={megabytes}")


def _within(now: float, most: int, what: str, setting: str) -> None:
    if now > most:
        raise TooMuchWaitsError(
            f"Not taken: with it {math.ceil(now):,} {what} would wait for the worker, and {most:,} may ({setting}). "
            "Send it again when some are read (Status tells whether a worker runs), or load it on the server: "
            "manage.py bundle load."
        )
