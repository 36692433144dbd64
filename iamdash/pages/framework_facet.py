"""Findings that answer a control of a framework: "cis-v5:1.7". Only links set it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q

from findings.frameworks import Control, frameworks
from findings.frameworks.answering import where
from iamdash.pages.facets import Facet


@dataclass(frozen=True, kw_only=True)
class OfControl(Facet):
    name: str = "control"
    title: str = "Control"
    single: bool = True
    offered: bool = False

    def accepts(self, slug: str) -> bool:
        return _control(slug) is not None

    def where(self, slugs: Sequence[str]) -> Q:
        control = _control(slugs[-1])
        return where(control.judging if control else ())

    def label(self, slug: str) -> str:
        framework, _, ref = slug.partition(":")
        return f"{frameworks()[framework].title} {ref}"


def _control(slug: str) -> Control | None:
    framework, _, ref = slug.partition(":")
    return frameworks()[framework].controls.get(ref) if framework in frameworks() else None
