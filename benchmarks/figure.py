from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """A measured number beside a peer's or a floor's. goal bounds the ratio figure / against."""

    name: str
    value: float
    unit: str
    against: str
    reference: float
    goal: float

    @property
    def ratio(self) -> float:
        return self.value / self.reference

    @property
    def ok(self) -> bool:
        return self.ratio <= self.goal

    def __str__(self) -> str:
        return (
            f"{self.name}: {self.value:.4g} {self.unit} ({self.against} {self.reference:.4g}, ratio {self.ratio:.3g}, "
            f"goal {self.goal:g}) {'ok' if self.ok else 'short'}"
        )
