"""What docs/operate/install.md promises of the containers, read from the files; and their commands, tried here."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

CHECKOUT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (CHECKOUT / "Dockerfile").read_text()
OURS = ("web", "worker", "beat", "metrics", "migrate")
each = pytest.mark.parametrize("name", sorted(SERVICES))


def command(name: str) -> list[str]:
    default = json.loads(re.findall(r"^CMD (.*)$", DOCKERFILE, re.M)[-1])
    return list(map(str, SERVICES[name].get("command", default)))


def test_the_services_are_these() -> None:
    assert sorted(SERVICES) == sorted([*OURS, "postgres", "valkey"])


@each
def test_every_service_is_hardened(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert "/tmp" in service["tmpfs"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert int(service["user"].split(":")[0]) > 0
    assert not {"privileged", "cap_add", "network_mode", "pid", "devices"} & set(service)
    assert {"mem_limit", "cpus", "pids_limit", "restart", "logging"} <= set(service)


@each
def test_only_web_is_published_and_on_loopback(name: str) -> None:
    ports = SERVICES[name].get("ports", [])
    assert ports == (["${IAMDASH_PUBLISH:-127.0.0.1:8000}:8000"] if name == "web" else [])


@each
def test_only_the_worker_knows_aws(name: str) -> None:
    given = {k: v for k, v in SERVICES[name]["environment"].items() if k.startswith("AWS_")} if name in OURS else {}
    assert bool(given) == (name == "worker")
    assert set(given.values()) <= {None}, "passed through, never written down"
    assert "env_file" not in SERVICES[name]


@each
def test_only_the_worker_has_a_way_out(name: str) -> None:
    networks = {n: COMPOSE["networks"][n] or {} for n in SERVICES[name]["networks"]}
    unmasked = {"com.docker.network.bridge.enable_ip_masquerade": "false"}
    ways_out = [n for n, net in networks.items() if not net.get("internal") and net.get("driver_opts") != unmasked]
    assert ways_out == (["outside"] if name == "worker" else [])
    assert "data" in networks
    assert ("front" in networks) == (name == "web")
    assert ("scrape" in networks) == (name == "metrics")


def test_each_process_has_its_database_role() -> None:
    roles = {name: SERVICES[name]["environment"].get("IAMDASH_DB_ROLE") for name in OURS}
    assert roles == {"web": "web", "worker": "worker", "beat": "worker", "metrics": "metrics", "migrate": None}


def test_secrets_are_files_without_defaults_and_for_those_who_need_them() -> None:
    names = {"secret_key", "database_password", "redis_password", "admin_password"}
    assert COMPOSE["secrets"] == {name: {"file": f"./secrets/{name}"} for name in names}
    assert [n for n, s in SERVICES.items() if "admin_password" in s["secrets"]] == ["migrate"]
    assert SERVICES["postgres"]["secrets"] == ["database_password"]
    assert SERVICES["valkey"]["secrets"] == ["redis_password"]
    for name, service in SERVICES.items():
        for variable, value in service.get("environment", {}).items():
            if re.search("PASSWORD|SECRET|KEY", variable) and value is not None:
                assert str(value).startswith("/run/secrets/"), (name, variable)
                assert str(value).rpartition("/")[2] in service["secrets"], (name, variable)


def test_migrate_ends_before_the_others_start() -> None:
    for name in ("web", "worker", "beat", "metrics"):
        assert SERVICES[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
    assert "on-failure" in SERVICES["migrate"]["restart"]


def test_all_but_beat_and_migrate_have_a_health_check() -> None:
    assert [n for n in sorted(SERVICES) if "healthcheck" not in SERVICES[n]] == ["beat", "migrate"]


def test_the_data_outlives_the_containers() -> None:
    assert SERVICES["postgres"]["volumes"] == ["postgres:/var/lib/postgresql"]
    assert SERVICES["valkey"]["volumes"] == ["valkey:/data"]


def test_the_image_runs_as_nobody_in_particular_from_the_lock() -> None:
    assert re.findall(r"^USER (.*)$", DOCKERFILE, re.M) == ["10001:10001"]
    assert "pip install --require-hashes -r /tmp/requirements${SAML:+-saml}.lock" in DOCKERFILE
    assert re.findall(r"^ARG (.*)$", DOCKERFILE, re.M) == ["SAML="]
    assert DOCKERFILE.count("FROM python:3.13-slim-bookworm") == 2
    assert not re.search(r"^(ADD|ENTRYPOINT) |https?://", DOCKERFILE, re.M)
    assert [SERVICES[name]["user"] for name in OURS] == ["10001:10001"] * len(OURS)


def test_the_locks_agree() -> None:
    """With SAML it is the same image and four packages more; the tests run with what the image has."""
    plain, saml, dev = (pinned(CHECKOUT / f"requirements{name}.lock") for name in ("", "-saml", "-dev"))
    assert plain <= saml <= dev
    assert {line.partition("==")[0] for line in saml - plain} == {"isodate", "lxml", "python3-saml", "xmlsec"}


def pinned(lock: Path) -> set[str]:
    return set(re.findall(r"^[^ #]+==[^ ]+", lock.read_text(), re.M))


def test_the_image_holds_the_product_only() -> None:
    lines = [line for line in (CHECKOUT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    assert lines[0] == "*"
    kept = {line[1:] for line in lines if line.startswith("!")}
    assert kept == {
        "collectors", "findings", "iamdash", "static", "templates", "manage.py", "LICENSE",
        "requirements.lock", "requirements-saml.lock", "requirements-backup.lock",
    }  # fmt: skip
    assert "collectors/lab" in lines


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=CHECKOUT,
        env=dict(os.environ) | environment,
        check=False,
        capture_output=True,
        text=True,
    )


def test_the_web_command_is_one_gunicorn_accepts() -> None:
    argv = command("web")
    assert argv[0] == "gunicorn"
    done = run("-m", "gunicorn", "--check-config", *argv[1:], IAMDASH_DB_ROLE="web")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["worker", "beat"])
def test_the_celery_commands_name_the_app_and_known_options(name: str) -> None:
    """click reads all options before --help ends the command, so an unknown one fails."""
    argv = command(name)
    assert argv[0] == "celery"
    done = run("-m", "celery", *argv[1:], "--help", IAMDASH_DB_ROLE="worker")
    assert done.returncode == 0, done.stderr
    bad = run("-m", "celery", *argv[1:], "--no-such-option", "--help", IAMDASH_DB_ROLE="worker")
    assert bad.returncode != 0


def test_the_worker_hears_the_queues_of_up() -> None:
    from iamdash.embedded.processes import QUEUES

    assert command("worker")[command("worker").index("-Q") + 1] == QUEUES


def test_the_migrate_command_consists_of_commands_there_are() -> None:
    from django.core.management import get_commands

    words = re.findall(r"manage\.py (\w+)", " ".join(command("migrate")))
    assert words == ["migrate", "first_admin"]
    assert set(words) <= set(get_commands())


def test_the_metrics_command_is_there() -> None:
    from django.core.management import get_commands

    assert command("metrics") == ["python", "manage.py", "metrics"]
    assert "metrics" in get_commands()


def test_the_password_files_reach_the_settings(tmp_path: Path) -> None:
    for name in ("database", "redis"):
        (tmp_path / name).write_text("p@ss/w:rd\n")
    code = "from django.conf import settings as s; print(s.DATABASES['default']['PASSWORD'], s.CELERY_BROKER_URL)"
    done = run(
        "-c", code, DJANGO_SETTINGS_MODULE="iamdash.settings",
        DATABASE_URL="postgresql://iamdash@postgres:5432/iamdash", DATABASE_PASSWORD_FILE=str(tmp_path / "database"),
        REDIS_URL="redis://valkey:6379", REDIS_PASSWORD_FILE=str(tmp_path / "redis"),
    )  # fmt: skip
    assert done.stdout.split() == ["p@ss/w:rd", "redis://:p%40ss%2Fw%3Ard@valkey:6379/0"], done.stderr


def test_compose_hands_on_what_web_and_worker_are_documented_to_read() -> None:
    rows = re.findall(r"^\| (`IAMDASH_.*`) \| ([^|]*) \|", (CHECKOUT / "docs/operate/install.md").read_text(), re.M)
    asked = {
        name for names, who in rows if {"web", "worker"} & set(who.split(", ")) for name in re.findall(r"\w+", names)
    }
    handed = set().union(*(SERVICES[name]["environment"] for name in OURS))
    assert asked - handed == {"IAMDASH_LAB", "IAMDASH_STATIC_ROOT"}  # of `up` alone, and of the image


def test_the_list_of_variables_is_complete() -> None:
    """docs/operate/install.md names every variable that settings, `up` and Compose read."""
    text = (CHECKOUT / "docs/operate/install.md").read_text()
    read = set(re.findall(r'(?:ENV\.get|_flag|_listed|_days)\("(\w+)"', (CHECKOUT / "iamdash/settings.py").read_text()))
    for path in (CHECKOUT / "iamdash/embedded").rglob("*.py"):
        read |= set(re.findall(r'"(IAMDASH_\w+|DATABASE_\w+|REDIS_\w+)"', path.read_text()))
    read |= set(re.findall(r"\$\{(\w+)", (CHECKOUT / "docker-compose.yml").read_text()))
    assert not [name for name in sorted(read) if f"`{name}`" not in text]
