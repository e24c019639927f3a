"""The demo page and the widget are served; nothing else is."""

import gzip
import os
import re
from pathlib import Path

import pytest

from tests.web.api_client import Api
from web import files
from web.minified import minified


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of our own, so that these tests hold whatever the widget is made of."""
    root = tmp_path / "web"
    for name in ("static/index.html", "static/favicon.svg", "widget/allobot.js"):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"content of {name}")
    (root / "widget" / "allobot.css").write_text("css")
    (root / "widget" / "deep").mkdir()
    (root / "widget" / "deep" / "file.js").write_text("deep")
    (root / "widget" / "notes.txt").write_text("secret")
    (root / "widget" / ".hidden.js").write_text("secret")
    (root / "app.js").write_text("secret")
    (root / "widget" / "link.js").symlink_to(root / "app.js")
    monkeypatch.setattr(files, "FOLDER", root)
    return root


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/static/index.html", "text/html; charset=utf-8"),
        ("/static/favicon.svg", "image/svg+xml"),
        ("/widget/allobot.js", "text/javascript; charset=utf-8"),
        ("/widget/allobot.css", "text/css; charset=utf-8"),
        ("/widget/deep/file.js", "text/javascript; charset=utf-8"),
    ],
)
async def test_files_have_their_type_and_a_tag(api: Api, path: str, kind: str) -> None:
    answer = await api.request("GET", path)
    assert answer.status == 200
    assert answer.headers["Content-Type"] == kind
    assert answer.headers["Cache-Control"] == "no-cache"
    again = await api.request("GET", path, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status, again.body) == (304, b"")


async def test_the_page_is_the_demo(api: Api) -> None:
    assert (await api.request("GET", "/")).body == b"content of static/index.html"


@pytest.mark.parametrize(
    "path",
    [
        "/widget",
        "/widget/",
        "/widget/deep",
        "/widget/deep/",
        "/static/",
        "/widget/none.js",
        "/widget/notes.txt",
        "/widget/.hidden.js",
        "/widget/link.js",
        "/widget/../app.js",
        "/widget/..%2fapp.js",
        "/widget/%2e%2e/app.js",
        "/widget/%2e%2e%2fapp.js",
        "/widget/deep/../../app.js",
        "/widget//etc/passwd",
        "/widget/%2fetc/passwd",
        "/widget/allobot.js%00.css",
        "/widget/allobot.js%0a",
        "/widget/allobot.js/",
        "/widget/allobot.js/x.js",
        "/widget/" + "a" * 300 + ".js",
        "/widget/..\\app.js",
        "/app.js",
        "/static/../../pyproject.toml",
    ],
)
async def test_nothing_else_is_served(api: Api, path: str) -> None:
    from yarl import URL

    url = URL(str(api.client.make_url("/"))[:-1] + path, encoded=True)
    async with api.client.session.get(url) as response:
        assert response.status == 404
        assert (await response.json())["error"]["code"] == "not_found"


async def test_head_is_like_get_without_the_body(api: Api) -> None:
    async with api.client.head("/widget/allobot.js") as response:
        assert response.status == 200
        assert response.headers["ETag"]
        assert await response.read() == b""


def test_the_real_files_are_there() -> None:
    real = Path(files.__file__).parent
    for name in ("widget/allobot.js", "widget/allobot.css", "static/index.html"):
        assert (real / name).is_file()


def sizes() -> dict[str, int]:
    """The files of the widget as they are served, in bytes once compressed."""
    widget = Path(files.__file__).parent / "widget"
    return {path.name: len(gzip.compress(minified(path)[0], 9)) for path in widget.iterdir()}


def test_the_widget_stays_light() -> None:
    """All that a page of another site loads, unless the person books: less than 15 kB."""
    light = [size for name, size in sizes().items() if not name.startswith("booking.")]
    assert len(light) == 4 and sum(light) <= 15_000, sizes()


def test_a_booking_adds_little() -> None:
    """Its form is fetched with the first card of an appointment: 2.5 kB, and never before."""
    booking = [size for name, size in sizes().items() if name.startswith("booking.")]
    assert len(booking) == 2 and sum(booking) <= 2_500, sizes()


def test_no_template_is_within_a_template() -> None:
    """The minifier would take the spaces of the inner one away."""
    for path in (Path(files.__file__).parent / "widget").glob("*.js"):
        assert not re.search(r"\$\{[^}]*`", path.read_text("utf-8")), path


async def test_scripts_and_styles_travel_light(api: Api, folder: Path) -> None:
    """Without comments or blanks, compressed; what they do stays."""
    script = folder / "widget" / "allobot.js"
    script.write_text("// a comment\nexport const said = `two  spaces`;   // another\n" * 50)
    answer = await api.request("GET", "/widget/allobot.js")
    assert answer.headers["Content-Encoding"] in ("gzip", "deflate")
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert b"comment" not in answer.body
    assert answer.body.count(b"export const said=`two  spaces`;") == 50


async def test_a_changed_script_is_served_at_once(api: Api, folder: Path) -> None:
    script = folder / "widget" / "allobot.js"
    before = await api.request("GET", "/widget/allobot.js")
    script.write_text("changed()")
    os.utime(script, ns=(1, 1))
    headers = {"If-None-Match": before.headers["ETag"]}
    assert (await api.request("GET", "/widget/allobot.js", headers=headers)).body == b"changed()"
