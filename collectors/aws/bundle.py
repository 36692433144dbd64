"""A bundle as a transport: AWS's answers in files, as the AWS CLI prints them (docs: `manage.py bundle --help`).

Sources ask it as they ask AWS. A file that is absent is AwsError ABSENT with its name; one that cannot be read is an error
with its name; an answer {"Error": {...}} is the failure that it was when AWS gave it.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

from botocore.exceptions import ClientError

from collectors.aws import shapes
from collectors.aws.bundle_files import BundleError, FileError, Files, open_files
from collectors.aws.bundle_json import parse, text_of
from collectors.aws.call import Answer, Aws
from collectors.aws.errors import AwsError, from_client_error
from collectors.aws.partitions import HOME
from collectors.records import State, clean

ACCOUNT, SETTINGS, REPORT = "account.json", "settings.json", "credential-report.csv"
PAGING = frozenset({"Marker", "NextToken", "MaxItems", "MaxResults", "PageSize", "Limit"})
CLI_NAMES = {"s3": "s3api", "config": "configservice"}  # where the CLI's service is not boto3's
# Calls that only make AWS prepare what another call returns, which is all that a bundle needs to hold:
# (the other call, what its answer would be).
PREPARES: dict[str, tuple[str, Callable[[Mapping[str, Any]], dict[str, Any]]]] = {
    "iam:GenerateCredentialReport": ("iam:GetCredentialReport", lambda asked: {"State": "COMPLETE"}),
    "iam:GenerateServiceLastAccessedDetails": (
        "iam:GetServiceLastAccessedDetails",
        lambda asked: {"JobId": asked.get("Arn", "")},
    ),
    "iam:GenerateOrganizationsAccessReport": (
        "iam:GetOrganizationsAccessReport",
        lambda asked: {"JobId": asked.get("EntityPath", "")},
    ),
}
RENAMED = {  # a prepared answer is asked for by job, and kept by what the job was about
    "iam:GetServiceLastAccessedDetails": {"JobId": "Arn"},
    "iam:GetOrganizationsAccessReport": {"JobId": "EntityPath"},
}


MODE = "Granularity"  # how detailed an answer is, which it shows itself
FINEST = "ACTION_LEVEL"
# Calls whose parameter is a trail's ARN or, of an own trail, its name.
BY_NAME = frozenset({"cloudtrail:GetTrailStatus", "cloudtrail:GetEventSelectors", "cloudtrail:GetInsightSelectors"})


def selecting(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Those parameters of a request that choose what is answered: not its paging, no flags."""
    return {
        name: value
        for name, value in parameters.items()
        if name[:1].upper() + name[1:] not in PAGING and not isinstance(value, bool | int)
    }


def file_name(api: str, region: str = "", kind: str = "json") -> str:
    """'iam:ListUsers' -> 'iam.list-users.json'."""
    service, operation = api.split(":")
    stem = f"{CLI_NAMES.get(service, service)}.{shapes.cli_name(operation)}"
    return ".".join(part for part in (stem, region, kind) if part)


class Bundle(Aws):
    """notes: what was found odd and does not make an API partial. The account's id and time are those that account.json
    states, "" and None if it states none."""

    malformed: ClassVar[tuple[type[Exception], ...]] = (LookupError, TypeError, ValueError, AttributeError)
    from_files: ClassVar[bool] = True

    def __init__(self, files: Files) -> None:
        self.files = files
        self.notes: list[str] = list(files.refused)
        self._noted: set[str] = set()
        self._problems: defaultdict[str, dict[str, None]] = defaultdict(dict)
        self._parsed: dict[str, Any] = {}
        self._lines: dict[str, dict[tuple[str, ...], dict[str, Any]]] = {}
        self._served: dict[str, dict[str, Any]] = {}
        self._shaped: dict[tuple[str, int], tuple[dict[str, Any], dict[str, Any]]] = {}
        self.settings = self._object(SETTINGS)
        about = self._object(ACCOUNT)
        self.account_id = self._stated(about, "AccountId", r"\d{12}", "12 digits")
        self.partition = self._stated(about, "Partition", "|".join(HOME), f"one of {', '.join(HOME)}")
        self.home = self._stated(about, "HomeRegion", r"[a-z0-9-]{5,32}", "a region") or HOME[self.partition or "aws"]
        self.collected_at = shapes.moment(about.get("CollectedAt"))
        if "CollectedAt" in about and self.collected_at is None:
            self.notes.append(f"{ACCOUNT}: CollectedAt is no time; write it as 2026-11-01T00:00:00Z.")

    @property
    def newest(self) -> datetime:
        """The time of the newest file."""
        return max(self.files.times.values())

    def problems(self, api: str) -> tuple[str, ...]:
        return tuple(self._problems.get(api, ()))

    def regions(self, api: str) -> tuple[str, ...]:
        endings = ("json", "jsonl")
        own = any(f"{name}.{ending}" in self.files for name in self._names(api, "") for ending in endings)
        pattern = re.compile(re.escape(file_name(api, kind="")) + r"\.([a-z0-9-]+)\.jsonl?\Z")
        there = {found.group(1) for name in self.files.times if (found := pattern.match(name))}
        return (*(("",) if own else ()), *sorted(there - ({self.home} if own else set())))

    def requests(self, api: str) -> list[dict[str, str]]:
        names = [f"{name}.jsonl" for name in self._names(api, "")]
        name = next((name for name in names if name in self.files), None)
        lines = self._indexed(api, name) if name else {}
        asked = [dict(zip(keys, json.loads(values), strict=True)) for keys, found in lines.items() for values in found]
        return [one for one in asked if one and all(isinstance(value, str) for value in one.values())]

    def every(self, api: str, require: str) -> Iterator[Answer]:
        """All answers of an API, of whatever region and request; a file or line that cannot be read is a problem of it."""
        for region in self.regions(api):
            for stem in self._names(api, region):
                for name in (one for one in (f"{stem}.json", f"{stem}.jsonl") if one in self.files):
                    with self._told(api):
                        yield from [self._answer(api, name, raw, require) for raw in self._all(api, name)]

    def _all(self, api: str, name: str) -> Iterator[dict[str, Any]]:
        lines = name.endswith(".jsonl")
        of_lines = (raw for found in self._indexed(api, name).values() for raw in found.values()) if lines else ()
        for raw in of_lines if lines else (self._load(api, name),):
            yield from self._listed(api, name, raw)

    @contextlib.contextmanager
    def _told(self, api: str) -> Iterator[None]:
        try:
            yield
        except AwsError as error:
            self._problem(api, error.message)

    def pause(self, seconds: float) -> None:
        """Files do not change while they are read."""

    def ask(self, api: str, *, require: str, region: str = "", **parameters: Any) -> Answer:
        name, answers = self._answers(api, region, parameters)
        if len(answers) > 1:
            self._problem(api, f"{name} has {len(answers)} answers where one is asked for; the first was read.")
        return self._answer(api, name, answers[0], require)

    def pages(
        self, api: str, *, require: str, token: str = "Marker", region: str = "", **parameters: Any
    ) -> Iterator[Answer]:
        name, answers = self._answers(api, region, parameters)
        for raw in answers:
            yield self._answer(api, name, raw, require)
        last = answers[-1]
        if last.get("IsTruncated") is True or last.get("NextToken") or (last.get(token) and "IsTruncated" not in last):
            self._problem(api, f"{name} ends before the last page. Make it without --max-items and --no-paginate.")

    def _answer(self, api: str, name: str, raw: dict[str, Any], require: str) -> Answer:
        if "Error" in raw and require not in raw:
            raise _failure(api, name, raw["Error"])
        answer = self._shape(api, name, raw)
        if require and require not in answer:
            command = " ".join((name.split(".")[0], name.split(".")[1])) if name.count(".") > 1 else name
            raise AwsError(api, State.ERROR, f"{name} has no {require}, so it is no answer of `aws {command}`.")
        return answer

    def _shape(self, api: str, name: str, raw: dict[str, Any]) -> dict[str, Any]:
        """Two sources ask for the largest answer. Kept with what it was made of, so that the id of that stays its own."""
        if (api, id(raw)) not in self._shaped:
            shaper = shapes.Shaper()
            self._shaped[api, id(raw)] = raw, shaper.answer(api, raw)
            for problem in shaper.problems:
                self._problem(api, f"{name}: {problem}")
            new = dict.fromkeys(f"{name}: {note}" for note in shaper.notes)
            self.notes += [note for note in new if note not in self._noted]
            self._noted |= new.keys()
        return self._shaped[api, id(raw)][1]

    def _answers(self, api: str, region: str, parameters: Mapping[str, Any]) -> tuple[str, list[dict[str, Any]]]:
        """The file's name and the page answers in it for this request, at least one."""
        chosen = selecting(parameters)
        names = self._names(api, region)
        plain = next((f"{name}.json" for name in names if f"{name}.json" in self.files), None)
        lines = next((f"{name}.jsonl" for name in names if f"{name}.jsonl" in self.files), None)
        if lines and (chosen or not plain):
            return lines, self._line(api, lines, chosen)
        if plain:
            answers = self._listed(api, plain, self._load(api, plain))
            if self._serves(api, plain, chosen) or "Error" in answers[0]:
                return plain, answers
        if api == "iam:GetCredentialReport" and REPORT in self.files:
            return REPORT, [{"Content": self._report(api)}]
        if prepared := self._prepared(api, parameters):
            return names[0], [prepared]
        kind = "jsonl" if chosen and not self._modes(api, chosen) else "json"
        shown = file_name(PREPARES[api][0] if api in PREPARES else api, region if region != self.home else "", kind)
        also = f" (nor {REPORT})" if "get-credential-report" in shown else ""
        raise AwsError(api, State.ABSENT, f"{shown} is not in the bundle{also}")

    def _names(self, api: str, region: str) -> list[str]:
        """Names that a file of this API may have, without the ending, the usual one first."""
        service, operation = api.split(":")[0], shapes.cli_name(api.split(":")[1])
        stems = [f"{name}.{operation}" for name in dict.fromkeys((CLI_NAMES.get(service, service), service))]
        stems += [operation] if service == "iam" else []
        plain = stems if region in ("", self.home) else []
        return [*plain, *(f"{stem}.{region or self.home}" for stem in stems)]

    def _modes(self, api: str, chosen: Mapping[str, Any]) -> bool:
        """Whether the parameters only choose a mode, as AssignmentStatus does, and name no entity."""
        service, operation = api.split(":")
        members = shapes.service(service).operation_model(operation).input_shape.members
        shapes_of = (members.get(name) for name in chosen)
        return all(getattr(getattr(shape, "member", shape), "enum", None) for shape in shapes_of)

    def _serves(self, api: str, name: str, chosen: dict[str, Any]) -> bool:
        """An answer without its request stands for one request: that which names no entity, in the first mode asked for."""
        return not chosen or (self._modes(api, chosen) and self._served.setdefault(name, chosen) == chosen)

    def _prepared(self, api: str, parameters: Mapping[str, Any]) -> dict[str, Any] | None:
        if api not in PREPARES:
            return None
        other, answer = PREPARES[api]
        there = {f"{name}.{kind}" for name in self._names(other, "") for kind in ("json", "jsonl")}
        there |= {REPORT} if other == "iam:GetCredentialReport" else set()
        return answer(parameters) if any(name in self.files for name in there) else None

    def _report(self, api: str) -> bytes:
        data = self._bytes(api, REPORT)
        return text_of(data).encode() if data[:2] in (b"\xff\xfe", b"\xfe\xff") else data

    def _line(self, api: str, name: str, chosen: dict[str, Any]) -> list[dict[str, Any]]:
        """The answers of the line whose Request says the same as far as it goes; the one that says most."""
        lines = self._indexed(api, name)
        renamed = {RENAMED.get(api, {}).get(key, key): value for key, value in chosen.items()}
        by_name = {key: self._short(value) for key, value in chosen.items()} if api in BY_NAME else {}
        for wanted in (chosen, renamed, by_name or chosen):
            for keys in sorted(lines, key=len, reverse=True):
                found = lines[keys].get(_key(wanted[key] for key in keys)) if set(keys) <= set(wanted) else None
                if found is not None and (keys or not wanted or "Error" in found):
                    return self._listed(api, name, found)
        text = f"{name} has no line with the Request {json.dumps(chosen, default=str)[:300]}"
        self._problem(api, f"{text}.")  # partial, so that a source that goes on without it is not taken for complete
        raise AwsError(api, State.ABSENT, text, code="NoSuchEntity")

    def _short(self, arn: Any) -> Any:
        """The name of one of the account's own trails; another's is asked for by its ARN only."""
        parts = str(arn).split(":", 5)
        own = len(parts) == 6 and self.account_id in ("", parts[4])
        return parts[5].removeprefix("trail/") if own else arn

    def _indexed(self, api: str, name: str) -> dict[tuple[str, ...], dict[str, Any]]:
        """Names in a Request -> their values -> the Response. A line that cannot be read is a problem of the API."""
        if name not in self._lines:
            lines: defaultdict[tuple[str, ...], dict[str, Any]] = defaultdict(dict)
            for n, text in enumerate(text_of(self._bytes(api, name)).lstrip("\ufeff").split("\n"), 1):
                if text.strip():
                    try:
                        request, response = _request(parse(text))
                    except ValueError as error:
                        self._problem(api, f"{name} line {n} cannot be read: {error}.")
                        continue
                    about = _about(api, selecting(request))
                    keys = tuple(sorted(about))
                    key = _key(about[key] for key in keys)
                    if request.get(MODE, FINEST) == FINEST or key not in lines[keys]:
                        lines[keys][key] = response
            self._lines[name] = lines
        return self._lines[name]

    def _load(self, api: str, name: str) -> Any:
        """Raises AwsError for a file that is no JSON."""
        if name not in self._parsed:
            text = text_of(self._bytes(api, name)).lstrip("\ufeff")
            if not text.strip():
                raise AwsError(api, State.ERROR, f"{name} is empty: the command that made it failed. Run it again.")
            try:
                self._parsed[name] = parse(text)
            except ValueError as error:
                raise AwsError(api, State.ERROR, f"{name} is not JSON: {error}. Make it with --output json.") from error
        return self._parsed[name]

    def _listed(self, api: str, name: str, raw: Any) -> list[dict[str, Any]]:
        """One answer, or a list of page answers."""
        pages = raw if isinstance(raw, list) else [raw]
        if not pages or not all(isinstance(page, dict) for page in pages):
            raise AwsError(api, State.ERROR, f"{name} holds no answer: an object or a list of page answers is needed.")
        return pages

    def _bytes(self, api: str, name: str) -> bytes:
        try:
            return self.files.read(name)
        except FileError as error:
            raise AwsError(api, State.ERROR, f"{name} {error}") from error

    def _problem(self, api: str, text: str) -> None:
        self._problems[api][text] = None

    def _object(self, name: str) -> dict[str, Any]:
        """account.json or settings.json; empty, with a note, when it is none."""
        if name not in self.files:
            return {}
        try:
            found = self._load("", name)
        except AwsError as error:
            self.notes.append(error.message)
            return {}
        if not isinstance(found, dict):
            self.notes.append(f"{name} holds no JSON object, so it was passed over.")
            return {}
        return found

    def _stated(self, about: Mapping[str, Any], name: str, pattern: str, wanted: str) -> str:
        value = about.get(name, "")
        if value and not (isinstance(value, str) and re.fullmatch(pattern, value, re.ASCII)):
            self.notes.append(f"{ACCOUNT}: {name} must be {wanted}, as text; it was passed over.")
            return ""
        return value or ""


def _request(line: Any) -> tuple[dict[str, Any], Any]:
    """A line's Request and Response. An Error may stand for the Response, or for the line: then for any request."""
    if not isinstance(line, dict):
        raise ValueError("it is no JSON object")
    request = line.get("Request", {} if "Error" in line else None)
    response = line.get("Response", {"Error": line["Error"]} if "Error" in line else None)
    if not isinstance(request, dict) or not isinstance(response, dict | list):
        raise ValueError("a Request and a Response are needed")
    return request, response


def _about(api: str, request: Mapping[str, Any]) -> dict[str, Any]:
    """What tells a line from others: of a prepared answer what it was prepared of, whatever the job's id was."""
    job, told = next(iter(RENAMED.get(api, {}).items()), ("", ""))
    left_out = {MODE, job} if told in request else {MODE}
    return {name: value for name, value in request.items() if name not in left_out}


def _failure(api: str, name: str, error: Any) -> AwsError:
    if not isinstance(error, dict) or not isinstance(code := error.get("Code"), str):
        return AwsError(api, State.ERROR, f"{name} has an Error without a Code.")
    message = str(error.get("Message", ""))[:1_000]
    given: Any = {"Error": {"Code": clean(code[:100]), "Message": clean(message)}}
    return from_client_error(api, ClientError(given, api.split(":")[1]))


def _key(values: Any) -> str:
    return json.dumps(list(values), sort_keys=True, default=str)


def open_bundle(path: Path) -> Bundle:
    """Raises BundleError: no folder, no zip, or nothing of a bundle in it."""
    files = open_files(path)
    if not files.trail and not any(name.endswith((".json", ".jsonl")) or name == REPORT for name in files.times):
        with contextlib.suppress(IndexError):
            raise BundleError(f"{path} is empty of answers: {files.refused[0]}")
        raise BundleError(f"{path} holds no file of a bundle. `manage.py bundle --help` prints how to make one.")
    return Bundle(files)
