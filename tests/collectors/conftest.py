from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from collectors.models import Account


@pytest.fixture
def connected(db: None, aws: Any) -> list[Account]:
    """The lab's accounts, registered and with the collector's role deployed; the first has the most faults."""
    call_command("lab_connect", lab_url=aws.url, stdout=StringIO())
    return list(Account.objects.order_by("pk"))
