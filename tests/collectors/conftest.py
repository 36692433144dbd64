from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction

from collectors.models import Account
from tests.collectors.running import run
from tests.conftest import worker_of


@pytest.fixture
def connected(db: None, aws: Any) -> list[Account]:
    """The lab's accounts, registered and with the collector's role deployed; the first has the most faults."""
    return connect(aws)


@pytest.fixture(scope="module")
def one_run(lab: Any, django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Made once: `connected` with a whole run of the first account. A test's own transaction lies inside this one."""
    with django_db_blocker.unblock(), transaction.atomic():
        with worker_of(lab) as client:
            run(connect(client)[0])
        yield
        transaction.set_rollback(True)


@pytest.fixture
def collected(one_run: None, db: None, aws: Any) -> Account:
    """The first account after a whole run; of a module whose tests all begin so."""
    return Account.objects.order_by("pk")[0]


def connect(client: Any) -> list[Account]:
    call_command("lab_connect", lab_url=client.url, stdout=StringIO())
    return list(Account.objects.order_by("pk"))
