"""One lab's own moto state, apart from that of every other lab in the process.

moto keeps its state in module-level dictionaries (`iam_backends` and its like), one an interpreter. A
request, and the filling, run inside a world: while they do, those dictionaries answer from that world.
"""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from moto.core.base_backend import AccountSpecificBackend, BackendDict, backend_lock
from moto.iam.models import IAMBackend, iam_backends

from collectors.lab.faults import Faults
from collectors.lab.labels import Labels
from collectors.lab.queries import Athena
from collectors.lab.sessions import Sessions
from collectors.lab.settings import Settings
from collectors.lab.trail.visits import Visit

CURRENT: ContextVar["World | None"] = ContextVar("lab_world", default=None)
moto_getitem = BackendDict.__getitem__


@dataclass(frozen=True)
class Account:
    """An account as Organizations shows it, and its place in the plan (`index`)."""

    id: str
    name: str
    email: str
    ou: str
    index: int
    status: str = "ACTIVE"


@dataclass
class RootKey:
    """One access key slot of the root user; only the credential report shows it."""

    created: datetime
    used: datetime | None = None
    region: str = "N/A"
    service: str = "N/A"


@dataclass
class RootUser:
    """The root user's credentials, which no other operation than the report and the summary shows."""

    created: datetime
    password_changed: datetime | None = None
    password_used: datetime | None = None
    mfa: str = ""  # "", "virtual" or "hardware"
    keys: list[RootKey] = field(default_factory=list)


class World:
    """Everything one lab knows."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.organization_id = ""
        self.resource_policy = ""  # of the organization, as JSON
        self.accounts: list[Account] = []
        self.root_users: dict[str, RootUser] = {}
        self.labels = Labels()
        self.faults = Faults()
        self.sessions = Sessions()
        self.calls: Counter[tuple[str, str, str]] = Counter()
        # arn -> {service: days since the last attempt}; all other principals are derived when asked for
        self.last_accessed: dict[str, dict[str, int | None]] = {}
        # arn -> "FAILED", or how often the report of it is IN_PROGRESS before it is done
        self.last_accessed_jobs: dict[str, str | int] = {}
        self.service_credentials: dict[str, list[dict[str, Any]]] = {}  # by account, as AWS lists them
        self.report_states: dict[str, str] = {}
        self.jobs: dict[str, dict[str, Any]] = {}
        self.past: dict[datetime, World] = {}  # days lately gone to (collectors.lab.past)
        self.past_lock = threading.Lock()
        self.visits: list[Visit] = []  # what was planted of the trail's files (collectors.lab.trail)
        self.trail_written: set[str] = set()  # accounts whose files lie in the bucket
        self.trail_lock = threading.Lock()
        self.event_history: dict[str, dict[str, list[dict[str, Any]]]] = {}  # by account and region (LookupEvents)
        # account -> what its external-access analyzers find beside its roles' trust (repairs.access_analyzer)
        self.analyzed: dict[str, list[dict[str, Any]]] = {}
        self.athena = Athena()
        self.config: dict[str, Any] = {}  # account -> collectors.lab.config.Config
        self.watched: dict[str, Any] = {}  # account -> collectors.lab.watched.Watched
        self.stopping = threading.Event()
        self.lock = threading.Lock()
        self._stores: dict[tuple[str, str], AccountSpecificBackend[Any]] = {}

    @property
    def management(self) -> Account:
        return self.accounts[0]

    @property
    def security(self) -> Account:
        return self.accounts[1]

    def account(self, account_id: str) -> Account | None:
        """An active account of the organization."""
        return next((a for a in self.accounts if a.id == account_id and a.status == "ACTIVE"), None)

    def iam(self, account_id: str) -> IAMBackend:
        """The IAM back-end of an account."""
        with self.entered():
            return iam_backends[account_id]["aws"]

    def store(self, backends: BackendDict[Any], account_id: str) -> AccountSpecificBackend[Any]:
        """This world's part of one of moto's dictionaries."""
        name = (backends.service_name, account_id)
        with backend_lock:
            if name not in self._stores:
                self._stores[name] = AccountSpecificBackend(
                    backends.service_name,
                    account_id,
                    backends.backend,
                    backends._use_boto3_regions,
                    backends._additional_regions,
                )
            return self._stores[name]

    @contextmanager
    def entered(self) -> Iterator["World"]:
        """moto's dictionaries answer from this world."""
        token = CURRENT.set(self)
        try:
            yield self
        finally:
            CURRENT.reset(token)


def current() -> World:
    """The world the running request belongs to."""
    world = CURRENT.get()
    if world is None:
        raise LookupError("outside of a lab")
    return world


def of_current_world(backends: BackendDict[Any], account_id: str) -> AccountSpecificBackend[Any]:
    """Replaces BackendDict.__getitem__: the current world's state, or moto's own outside of a lab."""
    world = CURRENT.get()
    return moto_getitem(backends, account_id) if world is None else world.store(backends, account_id)


BackendDict.__getitem__ = of_current_world  # type: ignore[method-assign,assignment]
