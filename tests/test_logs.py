"""Secrets are planted wherever the code might log them; none may come out."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog

from iamdash.logs import configure

Logged = Callable[[Callable[[], object]], dict[str, Any]]
SECRET = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY12"


@pytest.fixture
def logged(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[..., dict[str, Any]]]:
    """logged(action): the one line that it prints, parsed. Set up inside the call: pytest resets the root logger before it."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level

    def run(action: Callable[[], object]) -> dict[str, Any]:
        configure({"level": "INFO", "json": True})
        action()
        (line,) = capsys.readouterr().out.splitlines()
        return dict(json.loads(line))

    yield run
    root.handlers[:], root.level = before, level
    structlog.reset_defaults()


@pytest.mark.parametrize(
    "event",
    [
        {"secret_access_key": SECRET},
        {"SessionToken": SECRET},
        {"external_id": SECRET},
        {"password": SECRET},
        {"url": f"postgresql://iamdash:{SECRET}@db/iamdash"},
        {"header": f"Bearer {SECRET}"},
        {"text": f"curl said iamdash_{SECRET}-_x ."},
        {"text": f"using ASIAABCDEFGHIJKLMNOP with {SECRET} now"},
        {"text": f"Max retries exceeded with url: /services/T0AAAA/B0AAAA/{SECRET}"},
        {"answer": {"Credentials": {"SecretAccessKey": SECRET}, "list": [{"note": f"Bearer {SECRET}"}]}},
        {"answers": ({"password": SECRET}, [f"https://u:{SECRET}@h/"])},
        {"body": SECRET.encode()},
        {"error": ValueError(f"postgresql://u:{SECRET}@h/")},
    ],
)
def test_a_secret_is_hidden_by_its_name_or_its_form(logged: Logged, event: dict[str, Any]) -> None:
    line = logged(lambda: structlog.get_logger("x").warning("planted", **event))
    assert SECRET not in json.dumps(line)
    assert line["event"] == "planted"


def test_a_secret_in_a_message_of_standard_logging_is_hidden(logged: Logged) -> None:
    line = logged(lambda: logging.getLogger("other").warning("connecting to %s", f"redis://:{SECRET}@cache:6379"))
    assert SECRET not in json.dumps(line)


def test_a_traceback_shows_no_local_variables(logged: Logged) -> None:
    def inner() -> None:
        credentials = {"SecretAccessKey": SECRET}
        raise ValueError(len(credentials))

    def outer() -> None:
        try:
            inner()
        except ValueError:
            structlog.get_logger("x").exception("broke")

    line = logged(outer)
    assert SECRET not in json.dumps(line)
    assert line["exception"][0]["exc_type"] == "ValueError"


@pytest.mark.parametrize("as_json", [True, False])
def test_a_secret_in_an_exception_s_words_is_hidden(
    as_json: bool, logged: Logged, capsys: pytest.CaptureFixture[str]
) -> None:
    """`logged` puts the logging of the tests back."""
    configure({"level": "INFO", "json": as_json})
    try:
        try:
            raise ValueError(f"postgresql://iamdash:{SECRET}@db/iamdash")
        except ValueError as error:
            raise KeyError(f"Bearer {SECRET}") from error
    except KeyError:
        structlog.get_logger("x").exception("broke")
        logging.getLogger("other").exception("broke, too")
    said = capsys.readouterr().out
    assert SECRET not in said
    assert said.count("KeyError") >= 2
    assert said.count("ValueError") >= 2


def test_what_is_no_secret_is_kept(logged: Logged) -> None:
    kept = {"account": "000000000001", "key": "AKIAABCDEFGHIJKLMNOP", "calls": 3}
    line = logged(lambda: structlog.get_logger("x").info("collect.done", **kept))
    assert kept.items() <= line.items()


def test_at_a_terminal_no_value_gives_orders_or_looks_like_a_line_of_ours(logged: Logged, capsys: Any) -> None:
    """`manage.py up` shows plain lines; a path, an object's key or AWS's words may hold whatever somebody chose."""
    hostile = "a\x1b[2J\x9b2Jb\u202e\n2026-01-01T00:00:00Z [error    ] forged"
    logged(lambda: structlog.get_logger("x").warning("once"))  # standard output is put back at the end
    configure({"level": "INFO", "json": False})
    structlog.get_logger("x").warning(hostile, name=hostile, names=[hostile])
    logging.getLogger("other").warning("Not found: %s", hostile)
    try:
        raise ValueError(hostile)
    except ValueError:
        structlog.get_logger("x").exception("broke")
    told = capsys.readouterr().out
    assert told.count("forged") >= 4
    assert not {"\x1b", "\x9b", "\u202e"} & set(told)
    assert not [line for line in told.splitlines() if line.startswith("2026-01-01")]
