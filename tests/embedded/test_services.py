from __future__ import annotations

import io
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from iamdash.embedded import services
from iamdash.embedded.supervisor import ChildError, Supervisor, supervisor

from .helpers import living, tree, until


@pytest.fixture
def it() -> Iterator[Supervisor]:
    with supervisor(io.StringIO(), signals=False) as it:
        yield it


def sql(url: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as database:
        cursor = database.execute(statement)
        return cursor.fetchall() if cursor.description else []


def test_data_survives_a_stop_and_no_process_does(open_folder: Path) -> None:
    with supervisor(io.StringIO(), signals=False) as it:
        url, broker = (services.start(it, make(open_folder)) for make in (services.postgres, services.valkey))
        sql(url, "create table kept as select 1 as n")
        with redis.Redis.from_url(broker) as client:
            client.set("kept", "yes")
        members = [process for child in it.children for process in tree(child.pid)]
        assert len(members) > 5
        assert {p.username() for p in members} == {"nobody" if os.geteuid() == 0 else psutil.Process().username()}
    assert not living(members)
    with supervisor(io.StringIO(), signals=False) as it:
        url, broker = (services.start(it, make(open_folder)) for make in (services.postgres, services.valkey))
        assert sql(url, "select n from kept") == [(1,)]
        with redis.Redis.from_url(broker) as client:
            assert client.get("kept") == b"yes"


def test_the_database_is_utf8_utc_and_not_on_the_network(it: Supervisor, open_folder: Path) -> None:
    url = services.start(it, services.postgres(open_folder, quick=True))
    shown = "select " + ", ".join(
        f"current_setting('{n}')" for n in ("server_encoding", "timezone", "listen_addresses")
    )
    assert sql(url, shown) == [("UTF8", "UTC", "")]
    assert not psutil.Process(it.children[0].pid).net_connections("inet")


def test_a_killed_server_comes_back_with_its_data(it: Supervisor, open_folder: Path) -> None:
    service = services.postgres(open_folder)
    url = services.start(it, service)
    sql(url, "create table kept as select 1 as n")
    service.child.send(signal.SIGKILL)
    until(lambda: it.tick(0.02) or service.child.fails, "the crash is noticed")
    until(lambda: it.tick(0.02) or service.ready(), "it is back")
    assert sql(url, "select n from kept") == [(1,)]


def test_a_failed_start_names_the_log_and_shows_its_end(it: Supervisor, open_folder: Path) -> None:
    service = services.postgres(open_folder, quick=True)
    (open_folder / "pg/postgresql.conf").write_text("shared_buffers = nonsense\n")
    with pytest.raises(
        ChildError, match=rf"postgres did not start(.|\n)*{open_folder}/log/postgres.log(.|\n)*shared_buffers"
    ):
        services.start(it, service)


def test_half_a_data_folder_is_made_again(it: Supervisor, open_folder: Path) -> None:
    """As after kill -9 during initdb, which writes PG_VERSION first."""
    (open_folder / "pg.new").mkdir()
    (open_folder / "pg.new/PG_VERSION").write_text("18")
    assert sql(services.start(it, services.postgres(open_folder, quick=True)), "select 1") == [(1,)]


@pytest.mark.parametrize("name", ["x" * 90, "with space", "50%"])
def test_a_path_unfit_for_sockets_is_no_obstacle(it: Supervisor, open_folder: Path, name: str) -> None:
    state = open_folder / name
    state.mkdir(mode=0o755)
    url, broker = (services.start(it, make(state)) for make in (services.postgres, services.valkey))
    assert sql(url, "select 1") == [(1,)]
    with redis.Redis.from_url(broker) as client:
        assert client.ping()
    shutil.rmtree(services.socket_folder(state))


def test_a_socket_folder_of_somebody_else_is_refused(as_root: None, open_folder: Path) -> None:
    (open_folder / "run").mkdir()
    os.chown(open_folder / "run", 4321, 4321)
    with pytest.raises(ChildError, match="belongs to somebody else"):
        services.socket_folder(open_folder)
    (open_folder / "elsewhere").mkdir(mode=0o755)
    (open_folder / "run").rmdir()
    (open_folder / "run").symlink_to(open_folder / "elsewhere")
    with pytest.raises(ChildError, match="belongs to somebody else"):
        services.socket_folder(open_folder)


def test_root_in_a_folder_closed_to_nobody_is_told_what_to_do(as_root: None, open_folder: Path) -> None:
    open_folder.chmod(0o700)
    with pytest.raises(ChildError, match=r"cannot enter .* IAMDASH_STATE"):
        services.postgres(open_folder)


def test_root_with_packages_closed_to_nobody_gets_copies(
    as_root: None, it: Supervisor, open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a checkout below /root."""
    monkeypatch.setattr(services, "_open_to_all", lambda path: path.is_relative_to(open_folder))
    services.start(it, services.postgres(open_folder, quick=True))
    services.start(it, services.valkey(open_folder))
    commands = [psutil.Process(child.pid).exe() for child in it.children]
    assert all(command.startswith(str(open_folder / "bin")) for command in commands)
