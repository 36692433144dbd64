"""A small project around a copy of iamdash/embedded, so that `manage.py up` is tried alone and quickly."""

from __future__ import annotations

import shutil
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
COMMAND = """
import os, sys, json
from django.core.management.base import BaseCommand
class Command(BaseCommand):
    def add_arguments(self, parser):
        parser.add_argument("--all", action="store_true"); parser.add_argument("--wait", action="store_true")
        parser.add_argument("--lab-url"); parser.add_argument("--organization", action="store_true")
    def handle(self, **options):
        name = __name__.rpartition(".")[2]
        if name == os.environ.get("STANDIN_FAILS"): sys.exit(7)
        print("summary of all" if name == "summary" else name + " is done")
"""
FILES = {
    "iamdash/__init__.py": "from .celery import app as celery_app\n",
    "iamdash/celery.py": """
import json, os, sys
from pathlib import Path
from celery import Celery
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "iamdash.settings")
app = Celery("iamdash")
app.config_from_object("django.conf:settings", namespace="CELERY")
for role in ("worker", "beat"):
    if role in sys.argv:
        Path(os.environ["STANDIN_NOTES"], role).write_text(json.dumps(dict(os.environ)))
""",
    "iamdash/settings.py": """
import os
SECRET_KEY = open(os.environ["IAMDASH_SECRET_KEY_FILE"]).read()
ALLOWED_HOSTS, ROOT_URLCONF = ["127.0.0.1"], "iamdash.urls"
INSTALLED_APPS = ["django.contrib.staticfiles", "django.contrib.sessions", "standin", "iamdash.embedded"]
STATIC_URL, STATIC_ROOT, USE_TZ = "/static/", os.environ.get("IAMDASH_STATIC_ROOT"), True
socket = os.environ.get("DATABASE_URL", "").rpartition("host=")[2]
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "iamdash", "USER": "iamdash", "HOST": socket}}
CELERY_BROKER_URL = os.environ.get("REDIS_URL", "").replace("unix://", "redis+socket://")
""",
    "iamdash/wsgi.py": """
import json, os
from pathlib import Path
from django.core.wsgi import get_wsgi_application
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "iamdash.settings")
Path(os.environ["STANDIN_NOTES"], "web").write_text(json.dumps(dict(os.environ)))
application = get_wsgi_application()
""",
    "iamdash/urls.py": """
from django.http import HttpResponse
from django.urls import path
urlpatterns = [path("livez", lambda request: HttpResponse("alive"))]
""",
    "collectors/lab/client.py": """
class LabClient:
    def __init__(self, url): self.url = url
    def credentials(self):
        return {"AWS_ACCESS_KEY_ID": "lab", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "t", "principal_arn": "a"}

    def organization(self):
        return {"trail": {"bucket": "trail", "prefix": "", "organization": "o-lab", "account": "1"}}
""",
    "collectors/lab/__main__.py": """
import sys, http.server
from pathlib import Path
given = dict(zip(sys.argv[1::2], sys.argv[2::2]))
server = http.server.HTTPServer((given["--host"], int(given["--port"])), http.server.BaseHTTPRequestHandler)
Path(given["--ready-file"]).write_text(f"http://127.0.0.1:{given['--port']}")
server.serve_forever()
""",
}


def make(folder: Path) -> Path:
    """The project, readable by every user."""
    shutil.copytree(
        CHECKOUT / "iamdash/embedded", folder / "iamdash/embedded", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copy(CHECKOUT / "manage.py", folder)
    pace = folder / "findings/analysis/pace.py"
    pace.parent.mkdir(parents=True)
    shutil.copy(CHECKOUT / "findings/analysis/pace.py", pace)
    commands = {
        f"standin/management/commands/{name}.py": COMMAND
        for name in ("first_admin", "lab_connect", "lab_history", "collect", "summary")
    }
    for name, text in (FILES | commands).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for part in ("standin", "standin/management", "standin/management/commands", "collectors", "collectors/lab"):
        (folder / part / "__init__.py").touch()
    return folder
