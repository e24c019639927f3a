"""The widget's scripts and styles without their comments and blanks.

The files stay readable where they are written, and light where they travel.
"""

import hashlib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

import rcssmin
import rjsmin

MINIFIERS: MappingProxyType[str, Callable[[str], str]] = MappingProxyType(
    {".js": rjsmin.jsmin, ".css": rcssmin.cssmin}
)


def minified(path: Path) -> tuple[bytes, str]:
    """Return what to send for a file whose suffix is in MINIFIERS, and its ETag.

    Made again when the file changes. Raises OSError or UnicodeDecodeError when it cannot be read.
    """
    return _made(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=32)
def _made(path: Path, _changed: int) -> tuple[bytes, str]:
    body = MINIFIERS[path.suffix](path.read_text(encoding="utf-8")).encode()
    return body, hashlib.sha256(body).hexdigest()[:16]
