"""What Athena was asked in a lab, and what it will answer (collectors.lab.repairs.athena)."""

from dataclasses import dataclass, field
from typing import Any

Rows = list[list[str | None]]


@dataclass
class Query:
    sql: str
    asked: dict[str, Any]
    answer: Rows | str
    polls: int


@dataclass
class Athena:
    """answers: of the queries to come, the header first; without one a query has no rows. polls: how often one is RUNNING before
    it is done. scanned: bytes that each says it read."""

    answers: list[Rows | str] = field(default_factory=list)
    polls: int = 1
    scanned: int = 0
    queries: dict[str, Query] = field(default_factory=dict)
    stopped: list[str] = field(default_factory=list)
