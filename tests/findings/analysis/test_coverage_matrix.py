"""What is recorded in each region, as the matrix says it."""

from __future__ import annotations

from typing import Any

import pytest

from collectors import records
from collectors.records import TRAIL, ConfigRecorder, Coverage, State
from findings.analysis.analyzers import LIST
from findings.analysis.config_recording import RECORDERS
from findings.analysis.config_recording import STATUS as RUNNING
from findings.analysis.coverage_matrix import Cell, Is, Log, Row, rows
from tests import builders
from tests.builders import AS_OF
from tests.findings.analyzed import IRELAND, VIRGINIA, analyzer
from tests.findings.rules.test_config_rules import named, recorder
from tests.findings.trailed import asked, data, trail

REGIONS = builders.details(regions=(IRELAND, VIRGINIA))


def covered(*, without: str = "", state: State = State.DENIED) -> tuple[Coverage, ...]:
    """Everything was read in both regions, but for one API in Virginia."""
    regional = (
        Coverage(
            api=api,
            state=state if (api, region) == (without, VIRGINIA) else State.COMPLETE,
            observed_at=AS_OF,
            region=region,
            permission=api,
        )
        for api in (LIST, RECORDERS, RUNNING)
        for region in (IRELAND, VIRGINIA)
    )
    return (*asked(IRELAND, VIRGINIA), *regional, Coverage(api=TRAIL, state=State.COMPLETE, observed_at=AS_OF))


def matrix(*entities: records.Record, **more: Any) -> dict[str, Row]:
    recorders = tuple(one for one in entities if isinstance(one, ConfigRecorder))
    others = (one for one in entities if not isinstance(one, ConfigRecorder))
    given = {"coverage": covered(), "recorders": recorders, **more}
    return {row.region: row for row in rows(builders.facts(REGIONS, *others, **given))}


def states(found: dict[str, Row], region: str = IRELAND) -> dict[str, str]:
    return {log.value: cell.state.value for log, cell in found[region].cells.items()}


def test_a_region_where_all_is_recorded_has_no_gap() -> None:
    found = matrix(trail(selectors=(data(), *trail().selectors)), recorder(IRELAND), analyzer())
    assert states(found) == dict.fromkeys(Log, "yes")
    assert found[IRELAND].gap == 0
    assert found[IRELAND].cells[Log.MANAGEMENT] == Cell(Is.YES, "trail main")
    assert states(found, VIRGINIA) == {
        "management": "yes",
        "data": "yes",
        "config": "no",
        "analyzer": "no",
        "ours": "yes",
    }
    assert found[VIRGINIA].in_use is None


def test_where_nothing_is_recorded_is_the_greatest_gap() -> None:
    bare, some = matrix()[IRELAND], matrix(trail())[IRELAND]
    assert {cell.state for log, cell in bare.cells.items() if log is not Log.OURS} == {Is.NO}
    assert bare.gap > some.gap > 0
    assert some.cells[Log.DATA].state is Is.NO


@pytest.mark.parametrize(
    ("entities", "log", "expected"),
    [
        ((recorder(IRELAND, recording=False),), Log.CONFIG, Cell(Is.NO, "recorder default is stopped")),
        ((recorder(IRELAND, recording=None),), Log.CONFIG, Cell(Is.UNKNOWN, "whether its recorder runs was not told")),
        (
            (recorder(IRELAND, last_status="Failure"),),
            Log.CONFIG,
            Cell(Is.UNKNOWN, "recorder default is on, and what it did last failed"),
        ),
        (
            (named("AWS::S3::Bucket", region=IRELAND),),
            Log.CONFIG,
            Cell(Is.PART, "recorder default records 1 types"),
        ),
        ((analyzer(owner="000000000009"),), Log.ANALYZER, Cell(Is.YES, "analyzer external of account 000000000009")),
        ((trail(logging=False),), Log.MANAGEMENT, Cell(Is.NO, "no trail records them")),
    ],
)
def test_cells_say_by_what_or_why_not(entities: Any, log: Log, expected: Cell) -> None:
    assert matrix(*entities)[IRELAND].cells[log] == expected


@pytest.mark.parametrize(
    ("api", "log"), [(LIST, Log.ANALYZER), (RECORDERS, Log.CONFIG), ("cloudtrail:DescribeTrails", Log.MANAGEMENT)]
)
def test_what_was_denied_is_unknown_and_names_the_permission(api: str, log: Log) -> None:
    coverage = tuple(
        Coverage(api=row.api, state=State.DENIED, observed_at=AS_OF, region=row.region, permission=f"the:{row.api}")
        if (row.api, row.region) == (api, VIRGINIA)
        else row
        for row in covered()
    )
    cells = matrix(coverage=coverage)[VIRGINIA].cells
    assert (cells[log].state, cells[Log.OURS].state) == (Is.UNKNOWN, Is.PART)
    assert f"needs the permission the:{api}" in cells[log].words
    assert f"needs the permission the:{api}" in cells[Log.OURS].words


def test_nobody_asked_nothing_is_shown() -> None:
    assert list(rows(builders.facts())) == []
