"""Keeps what was asked of AWS, and what it said, as a bundle."""

from __future__ import annotations

import json
import os
from base64 import b64encode
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from collectors.aws.bundle import file_name, selecting
from collectors.aws.call import Answer, Aws
from collectors.aws.errors import AwsError

Kept = defaultdict[tuple[str, str], dict[str, list[Answer]]]  # (api, region) -> request as JSON -> page answers


def nothing() -> Kept:
    return defaultdict(dict)


class Recorder(Aws):
    """A session, and a copy of its answers in kept, which recorders of several sessions may share."""

    def __init__(self, aws: Aws, kept: Kept) -> None:
        self._aws, self.kept, self.account_id, self.home = aws, kept, aws.account_id, aws.home

    def ask(self, api: str, *, require: str, region: str = "", **parameters: Any) -> Answer:
        answers = self._answers(api, region, parameters)
        try:
            answers.append(self._aws.ask(api, require=require, region=region, **parameters))
        except AwsError as error:
            answers.append(_as_answer(error))
            raise
        return answers[-1]

    def pages(
        self, api: str, *, require: str, token: str = "Marker", region: str = "", **parameters: Any
    ) -> Iterator[Answer]:
        answers = self._answers(api, region, parameters)
        try:
            for page in self._aws.pages(api, require=require, token=token, region=region, **parameters):
                answers.append(page)
                yield page
        except AwsError as error:
            answers.append(_as_answer(error))
            raise

    def pause(self, seconds: float) -> None:
        self._aws.pause(seconds)

    def _answers(self, api: str, region: str, parameters: dict[str, Any]) -> list[Answer]:
        """A new list for the request: what is asked again, until AWS is done, stands with its last answer."""
        answers: list[Answer] = []
        where = "" if "Bucket" in parameters else region  # a bucket's name is its own in all regions: one file for all
        self.kept[api, where][_plain(selecting(parameters))] = answers
        return answers


def _as_answer(error: AwsError) -> Answer:
    message = error.message.removeprefix(f"{error.code}: ")
    return {"Error": {"Code": error.code, "Message": message}}


def _plain(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=_printed)


def _printed(value: Any) -> Any:
    """As the CLI prints what JSON has no word for."""
    return value.isoformat() if isinstance(value, datetime) else b64encode(value).decode()


def write(kept: Kept, folder: Path, about: dict[str, Any]) -> int:
    """A new folder that only its owner reads. about: account.json. Returns the number of files. Raises OSError."""
    folder.mkdir(mode=0o700, parents=True)
    files = {"account.json": json.dumps(about, indent=2)}
    for (api, region), requests in kept.items():
        pages = {request: answers[0] if len(answers) == 1 else answers for request, answers in requests.items()}
        if set(pages) == {"{}"}:
            files[file_name(api, region)] = json.dumps(pages["{}"], indent=1, default=_printed)
        else:
            lines = [f'{{"Request": {request}, "Response": {_plain(answer)}}}\n' for request, answer in pages.items()]
            files[file_name(api, region, "jsonl")] = "".join(lines)
    for name, text in files.items():
        with open(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
    return len(files)
