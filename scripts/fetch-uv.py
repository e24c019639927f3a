"""Fetches uv's binary with Python's standard library alone, for machines without pip and venv.

    fetch-uv.py VERSION FILE     0: FILE is uv; 2: not found or no network; 3: wrong hash
    fetch-uv.py --index-answers  0: the package index answers; 2: it does not

The index is pip's or uv's own setting (PIP_INDEX_URL, UV_DEFAULT_INDEX), else the public one.
"""

from __future__ import annotations

import hashlib
import io
import os
import platform
import sys
import zipfile
from html.parser import HTMLParser
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urldefrag, urljoin
from urllib.request import urlopen

PUBLIC_INDEX = "https://pypi.org/simple"
TIMEOUT = 30  # seconds
NOT_FOUND, WRONG_HASH = 2, 3


class Links(HTMLParser):
    """File name -> address with its hash, from a page of the index."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: dict[str, str] = {}
        self._address = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._address = dict(attrs).get("href") or "" if tag == "a" else ""

    def handle_data(self, data: str) -> None:
        if self._address:
            self.addresses.setdefault(data.strip(), self._address)


def page_of_uv() -> str:
    index = os.environ.get("UV_DEFAULT_INDEX") or os.environ.get("PIP_INDEX_URL") or PUBLIC_INDEX
    return index.rstrip("/") + "/uv/"


def fits_this_machine(filename: str, version: str) -> bool:
    """Whether this file is the wheel of that version for this system, processor and libc."""
    prefix = f"uv-{version}-py3-none-"
    if not filename.startswith(prefix) or not filename.endswith(".whl"):
        return False
    machine = platform.machine().lower()
    if sys.platform == "darwin":
        system, machines = "macosx", (machine, "universal2")
    else:
        system = "manylinux" if platform.libc_ver()[0] == "glibc" else "musllinux"
        machines = (machine,)
    tags = filename.removeprefix(prefix).removesuffix(".whl").split(".")
    return any(tag.startswith(system) and tag.endswith(machines) for tag in tags)


def read(address: str) -> bytes:
    with urlopen(address, timeout=TIMEOUT) as answer:
        return bytes(answer.read())


def fetch(version: str, target: Path) -> int:
    page = page_of_uv()
    links = Links()
    links.feed(read(page).decode())
    for filename, address in links.addresses.items():
        if fits_this_machine(filename, version):
            url, fragment = urldefrag(urljoin(page, address))
            return unpack(read(url), fragment.removeprefix("sha256="), target)
    return NOT_FOUND


def unpack(wheel: bytes, sha256: str, target: Path) -> int:
    if hashlib.sha256(wheel).hexdigest() != sha256:
        return WRONG_HASH
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".data/scripts/uv"))
        target.write_bytes(archive.read(name))
    target.chmod(0o755)
    return 0


def main(arguments: list[str]) -> int:
    try:
        if arguments == ["--index-answers"]:
            read(page_of_uv())
            return 0
        version, target = arguments
        return fetch(version, Path(target))
    except (URLError, TimeoutError, ConnectionError):
        return NOT_FOUND


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
