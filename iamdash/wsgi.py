"""What gunicorn serves: `gunicorn iamdash.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "iamdash.settings")
application = get_wsgi_application()
