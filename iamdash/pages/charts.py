"""The one place that draws charts. plotly.js comes from the plotly wheel, as one hashed static file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage, Storage

SCRIPT = "plotly.min.js"


class PlotlyFinder(BaseFinder):
    """Serves one file of the plotly wheel as static/plotly.min.js. The wheel is not imported: it takes half a second."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        spec = find_spec("plotly")
        assert spec is not None
        assert spec.origin is not None
        self.storage = FileSystemStorage(Path(spec.origin).parent / "package_data")

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> str | list[str]:
        found = self.storage.path(SCRIPT) if path == SCRIPT else ""
        return [found] if find_all and found else found or []

    def list(self, ignore_patterns: Any) -> Iterator[tuple[str, Storage]]:
        yield SCRIPT, self.storage


@dataclass(frozen=True)
class Series:
    """One colour of a chart. token: its CSS colour token (static/css/tokens.css), "" for what stands in the table only.

    links: where each point leads. A value of None is not known, which a heat draws as such.
    """

    name: str
    token: str
    values: tuple[int | None, ...]
    links: tuple[str, ...] = ()


@dataclass(frozen=True)
class Chart:
    """What a figure shows, as plain series: the drawing and the data table come from the same numbers.

    sentence says what a reader should see in it. kind: "bars" stacks the series on each label, first series at the baseline;
    "area" does so over dates, with a dot where `dots` says that something was measured, and hatches what `carried`
    says was not; "mirror" draws the first series upwards and the second downwards from each date; "heat" draws a cell for each
    label and series, the darker the more; "drawn" is drawn by drawn.py. Dates are ISO 8601.
    """

    id: str
    sentence: str
    labels: tuple[str, ...]
    series: tuple[Series, ...]
    kind: str = "bars"
    dots: tuple[bool, ...] = ()
    carried: tuple[int, ...] = ()

    @property
    def height(self) -> str:
        """CSS class that reserves the room of the drawing."""
        if self.kind == "heat":
            return f"plot-heat-{-(-len(self.labels) // 4)}"
        return f"plot-{len(self.labels)}" if self.kind == "bars" else f"plot-{self.kind}"

    @property
    def data_id(self) -> str:
        return f"{self.id}-data"

    @property
    def spec(self) -> dict[str, Any]:
        """For static/js/charts.js, by json_script."""
        drawn = [vars(s) for s in self.series if s.token]
        return {"kind": self.kind, "labels": self.labels, "series": drawn, "dots": self.dots, "carried": self.carried}

    @property
    def rows(self) -> list[tuple[str, list[tuple[int | None, str]]]]:
        """Label -> (value, link) by series: the body of the data table."""
        return [
            (label, [(s.values[i], s.links[i] if s.links else "") for s in self.series])
            for i, label in enumerate(self.labels)
        ]
