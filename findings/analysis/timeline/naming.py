"""Which entity a call was about: calls say names, and one name may be that of several entities, one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from collectors.records import AdminEvent
from findings.analysis.timeline.causes import GOES
from findings.analysis.timeline.model import Entity

SAME = timedelta(minutes=5)  # between a call that makes an entity and AWS's date of it
MAKES = ("CreateRole", "CreateUser", "CreateGroup", "CreatePolicy")
OWN = ("iam.amazonaws.com", "account.amazonaws.com")
OF_ACCOUNT = ("account", "saml_provider", "oidc_provider", "server_certificate", "mfa_device", "instance_profile")
KEYS = ("CreateAccessKey", "UpdateAccessKey", "DeleteAccessKey")


@dataclass(frozen=True, slots=True)
class Life:
    """An entity under one of its names (a policy: its ARN or its name), and as what calls name it. died: when it was first not
    seen any more."""

    entity: Entity
    kind: str
    name: str
    born: datetime | None
    died: datetime | None = None

    def there(self, at: datetime) -> bool:
        return (self.born is None or self.born <= at + SAME) and (self.died is None or at <= self.died + SAME)


class Names:
    """account: what stands for all that is of the account as a whole."""

    def __init__(self, lives: Iterable[Life], account: Entity | None = None) -> None:
        self._account = account
        self._lives: dict[tuple[str, str], list[Life]] = {}
        self._by_id: dict[str, Entity] = {}
        for life in lives:
            self._lives.setdefault((life.kind, life.name), []).append(life)
            self._by_id[life.entity.unique_id] = life.entity

    def name(self, unique_id: str) -> str:
        """Its name, or the id itself for what nothing is known of."""
        return self._by_id[unique_id].name if unique_id in self._by_id else unique_id

    def called(self, kind: str, name: str) -> Entity | None:
        """What has, or last had, this name; a policy is named by its ARN."""
        same = self._lives.get((kind, name), ())
        return max(same, key=_born).entity if same else None

    def namesakes(self, entity: Entity) -> list[Entity]:
        """Those that had its name before it was made; an entity made again under its name is another one."""
        same = self._lives.get((entity.kind, entity.name), [])
        born = next((life.born for life in same if life.entity.unique_id == entity.unique_id), None)
        others = (life for life in same if born and life.born and life.born < born)
        return list(dict.fromkeys(life.entity for life in sorted(others, key=_born, reverse=True)))

    def of(self, event: AdminEvent) -> Iterator[Entity]:
        """What it was about; a key's call is about its user too. Without an id where nothing of that name was there then."""
        if event.name in KEYS and (key := event.details.get("access_key_id")):
            yield self._by_id.get(key) or Entity("key", key, key)
        if event.target_name:
            yield self._target(event)

    def _target(self, event: AdminEvent) -> Entity:
        if self._account is not None and event.target_type in OF_ACCOUNT and event.source in OWN:
            return self._account
        if (told := event.details.get("unique_id")) and told in self._by_id:
            return self._by_id[told]
        same = [life for life in self._lives.get((event.target_type, event.target_name), ()) if life.there(event.at)]
        if event.name in MAKES:
            same = [life for life in same if life.born is not None and abs(life.born - event.at) <= SAME]
        elif len(same) > 1 and GOES.match(event.name):
            same = [life for life in same if life.died is not None] or same
        before = [life for life in same if life.born is None or life.born <= event.at] or same
        unknown = Entity(event.target_type, told or "", event.target_name)
        return max(before, key=_born, default=Life(unknown, "", "", None)).entity


def _born(life: Life) -> float:
    return life.born.timestamp() if life.born else 0.0
