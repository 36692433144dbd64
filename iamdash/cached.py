"""How values lie in Valkey's cache: as JSON. Django's own way is pickle, by which whoever can write there runs code here."""

from __future__ import annotations

import json
from typing import Any


class Json:
    """Numbers stay what Valkey itself counts with."""

    def dumps(self, value: Any) -> bytes | int:
        return value if type(value) is int else json.dumps(value).encode()

    def loads(self, stored: bytes) -> Any:
        return json.loads(stored)
