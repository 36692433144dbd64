"""Two answers moto works out anew for each request, kept: they were half of its time a call."""

from functools import cache

from moto import backends
from moto.core import responses

MODULES = frozenset(backends.list_of_moto_modules())  # a walk over moto's folder
backends.list_of_moto_modules = lambda: MODULES
responses.method_names_from_class = cache(responses.method_names_from_class)
