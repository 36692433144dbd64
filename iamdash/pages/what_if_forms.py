from __future__ import annotations

from typing import Any

from django import forms

from findings.analysis.what_if import Candidate, Kind
from findings.analysis.what_if.pasted import RefusedError, pasted
from findings.policy.document import Document
from iamdash.pages.what_if_places import Places

MOST = 20_000  # characters of a form's document; AWS takes a quarter of it
PATTERNS = 50
KINDS = [(Kind.SCP.value, "SCP"), (Kind.RCP.value, "RCP"), (Kind.BOUNDARY.value, "Permissions boundary")]


class Ask(forms.Form):  # type: ignore[misc]
    """What would it block? `candidate` once it is valid."""

    kind = forms.ChoiceField(label="What is it?", choices=KINDS, initial=Kind.SCP.value)
    document = forms.CharField(
        label="Document",
        max_length=MOST,
        strip=False,
        required=False,
        widget=forms.Textarea(attrs={"rows": 14, "spellcheck": "false", "class": "mono", "autocomplete": "off"}),
        help_text="As JSON, as you would give it to AWS. It is not kept.",
    )
    place = forms.ChoiceField(label="Attached to")
    beside = forms.BooleanField(
        label="FullAWSAccess stays attached there, so that an SCP's own Allow limits nothing", required=False
    )
    principals = forms.CharField(
        label="Roles and users that get the boundary",
        required=False,
        initial="*",
        max_length=4_000,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false", "class": "mono"}),
        help_text="ARNs, a line each, with * and ?. Only for a permissions boundary.",
    )

    def __init__(self, places: Places, *args: Any, **more: Any) -> None:
        super().__init__(*args, label_suffix="", **more)
        self._places = places
        self.candidate: Candidate | None = None
        field = self.fields["place"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(place.value, place.indented) for place in places.places.values()]

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        if not {"kind", "document", "place"} <= told.keys():
            return told
        kind = Kind(told["kind"])
        try:
            document = pasted(kind, told["document"])
        except RefusedError as refused:
            self.add_error("document", str(refused))
        else:
            self.candidate = self._candidate(kind, document, told)
        return told

    def _candidate(self, kind: Kind, document: Document, told: dict[str, Any]) -> Candidate:
        patterns = [line.strip() for line in told.get("principals", "").splitlines() if line.strip()]
        beside = bool(told.get("beside"))
        return self._places.candidate(kind, document, told["place"], beside=beside, principals=patterns[:PATTERNS])

    def clean_principals(self) -> str:
        given: str = self.cleaned_data["principals"]
        if len(given.splitlines()) > PATTERNS:
            raise forms.ValidationError(f"At most {PATTERNS} lines are taken.")
        return given
