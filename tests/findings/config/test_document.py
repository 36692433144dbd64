"""Reading a settings file: what is refused, and that the line is named. No database."""

from __future__ import annotations

import pytest

from findings.config.document import MOST_BYTES, ConfigError, nearest, read
from findings.config.keys import exact, moment, several, tag, text, whole

KNOWN = ("settings", "groups", "networks")
BOMB = "version: 1\nsettings:\n- &a {x: [1, 2]}\n- &b {x: [*a, *a]}\n- {x: [*b, *b]}\n"


def test_lines_are_kept_and_values_are_plain() -> None:
    found = read(
        'version: 1\nsettings: []\ngroups:\n- name: Payments\n  accounts: ["000000000001"]\n  from: 2026-12-31\n', KNOWN
    )
    assert found.sections["settings"] == ()
    (one,) = found.sections["groups"]
    assert (one.line, one.lines["accounts"]) == (4, 5)
    assert one.values == {"name": "Payments", "accounts": ["000000000001"], "from": "2026-12-31"}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("", "line 1: a file of settings begins with `version: 1`."),
        ("- a", "line 1: a file of settings begins with `version: 1`."),
        ("settings: []", "line 1: the file does not say `version: 1`."),
        ("version: 2\nsettings: []", "line 1: this iamdash reads version 1 of the file."),
        ("version: [1]", "line 1: this iamdash reads version 1 of the file."),
        ("version: 1\n\nsetting: []", "line 3: 'setting' is no section; the nearest is 'settings'."),
        ("version: 1\nzzz: []", "line 2: 'zzz' is no section; there are version, settings, groups, networks."),
        ("version: 1\nsettings: {a: 1}", "line 2: settings must be a list; write [] for nothing."),
        ("version: 1\nsettings:\n- 5", "line 3: an entry of settings must have keys and values."),
        ("version: 1\nsettings:\n- a: 1\n  a: 2", "line 4: 'a' stands here twice."),
        ("version: 1\nsettings: []\nsettings: []", "line 3: 'settings' stands here twice."),
        ("version: 1\nsettings:\n- [a]: 1", "line 3: a key must be a word."),
        ("version: 1\nsettings:\n- <<: {a: 1}", "line 3: a key must be a word."),
        (BOMB, "line 4: aliases (*name) are not read."),
        ("version: 1\nsettings:\n- a: !!python/object/apply:os.system [id]",
         "line 3: tag:yaml.org,2002:python/object/apply:os.system"),
        ("version: 1\nsettings:\n- a: !!int x", "line 3: 'x' cannot be read."),
        ("version: 1\nsettings: [\n", "this is no YAML"),
        ("version: 1\n---\nversion: 1\n", "line 2: this is no YAML"),
        ("version: 1\nsettings:\n- a: \x00", "this is no YAML"),
        ("version: 1\nsettings:\n- a: " + "[" * 20 + "]" * 20, "line 3"),
        ("[" * 100_000, "line 1: it is nested too deep."),
        ("#" * (MOST_BYTES + 1), "line 1: the file has more than 5 MB."),
    ],
)  # fmt: skip
def test_what_cannot_be_read_names_its_line(given: str, told: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read(given, KNOWN)
    assert told in str(refused.value)


def test_a_time_is_written_in_one_form() -> None:
    assert [moment(one) for one in ("2026-12-31", "2026-12-31T01:00:00+01:00", "2026-12-31T00:00:00.5Z")] == [
        "2026-12-31T00:00:00Z", "2026-12-31T00:00:00Z", "2026-12-31T00:00:00.500000Z",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("reader", "raw", "why"),
    [
        (text(5), "a\u202eb", "cannot be seen"),
        (text(5), "abcdef", "has 6 characters"),
        (text(5, empty=False), "  ", "must say something"),
        (text(5), 12, "write it in quotes"),
        (exact(5), "a\x00", "cannot be kept"),
        (exact(5), None, "must be text"),
        (several(tag), "a=b", "must be a list"),
        (several(tag), ["=b"], "is no tag"),
        (tag, 5, "is no tag"),
        (whole(0, 23), True, "whole number"),
        (whole(0, 23), 24, "whole number"),
        (moment, "soon", "must be a date"),
        (moment, 20261231, "must be a date"),
    ],
)
def test_what_a_key_may_not_say(reader: object, raw: object, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        reader(raw)  # type: ignore[operator]


def test_the_nearest_name_is_offered() -> None:
    assert nearest("unused_day", ["unused_days", "rotation_days"], "setting") == (
        "'unused_day' is no setting; the nearest is 'unused_days'."
    )
