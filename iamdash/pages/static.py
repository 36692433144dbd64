"""Static files with their hash in their name, and each compressed once."""

from __future__ import annotations

from typing import Any

from whitenoise.compress import Compressor
from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStatic(CompressedManifestStaticFilesStorage):
    """Gzip only. Brotli, which whitenoise takes wherever the package happens to be installed, makes plotly.js a quarter smaller
    and each start 14 s longer."""

    def create_compressor(self, **kwargs: Any) -> Compressor:
        return Compressor(**kwargs, use_brotli=False)
