"""Everybody can use the widget: WCAG 2.1 AA, RGAA 4.1, and the sizes and focus of WCAG 2.2."""

import itertools
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route, expect

from tests import browsers
from tests.end_to_end.stage import Stage, stage

ANSWER = 15_000  # milliseconds
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
MESSAGES = "**/api/conversation/messages"
TEXT, SHAPE = 4.5, 3.0  # contrasts that WCAG 1.4.3 and 1.4.11 ask for

browser = browsers.browser


@pytest.fixture(scope="module")
def theatre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(tmp_path_factory.mktemp("stage")) as running:
        yield running


@pytest.fixture(autouse=True)
def _prompt_bot(theatre: Stage) -> None:
    theatre.rasa.delay = 0.0


@pytest.fixture
def page(browser: Browser, theatre: Stage) -> Iterator[Page]:
    """Without motion: half-way through a fade, no colour is the one that people read."""
    context = browser.new_context(
        locale="fr-FR", viewport={"width": 1280, "height": 800}, reduced_motion="reduce"
    )
    opened = context.new_page()
    opened.goto(theatre.web)
    expect(launcher(opened)).to_be_visible()
    yield opened
    context.close()


def launcher(page: Page) -> Any:
    return page.locator(".launcher")


def open_widget(page: Page) -> None:
    launcher(page).click()
    expect(page.locator(".message.bot").first).to_be_visible(timeout=ANSWER)
    expect(page.locator(".typing")).to_be_hidden()


def say(page: Page, text: str) -> None:
    page.locator("#field").fill(text)
    page.keyboard.press("Enter")


def ask(page: Page, text: str) -> None:
    """Ask and wait for the answer."""
    answers = page.locator(".message.bot")
    before = answers.count()
    say(page, text)
    expect(answers).to_have_count(before + 1, timeout=ANSWER)
    expect(page.locator(".typing")).to_be_hidden()


# ---- every state


def closed(_page: Page, _theatre: Stage) -> None:
    pass


def greeted(page: Page, _theatre: Stage) -> None:
    open_widget(page)


def waiting(page: Page, theatre: Stage) -> None:
    open_widget(page)
    theatre.rasa.delay = 6.0
    say(page, "bonjour")
    expect(page.locator(".typing")).to_be_visible()


def showing(word: str) -> Callable[[Page, Stage], None]:
    def act(page: Page, _theatre: Stage) -> None:
        open_widget(page)
        ask(page, word)

    return act


def failed(page: Page, _theatre: Stage) -> None:
    open_widget(page)
    page.route(MESSAGES, lambda route: route.abort())
    ask(page, "bonjour")
    expect(page.locator(".retry")).to_be_visible()


def criticised(page: Page, _theatre: Stage) -> None:
    open_widget(page)
    ask(page, "procedure")
    page.get_by_role("button", name="Pas utile").click()


def restored(page: Page, _theatre: Stage) -> None:
    open_widget(page)
    ask(page, "procedure")
    page.reload()
    open_widget(page)


def erasing(page: Page, _theatre: Stage) -> None:
    open_widget(page)
    page.get_by_role("button", name="Effacer", exact=True).click()


def leaving(page: Page, theatre: Stage) -> None:
    """The blank page: the other site answers with nothing to show."""
    open_widget(page)
    page.context.route(
        lambda url: not url.startswith(theatre.web), lambda route: route.fulfill(status=204)
    )
    page.get_by_role("button", name="Quitter vite").click()
    expect(page).to_have_title("Chargement…")


STATES = {
    "closed": closed,
    "open": greeted,
    "waiting": waiting,
    "procedure": showing("procedure"),
    "decision": showing("decision"),
    "plan": showing("plan"),
    "danger": showing("danger"),
    "buttons": showing("boutons"),
    "easy": showing("facile"),
    "error": failed,
    "opinion": criticised,
    "restored": restored,
    "erasing": erasing,
    "leaving": leaving,
}
LOOKS = {"wide-light": (1280, 800, "light"), "narrow-dark": (320, 640, "dark")}


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("state", STATES)
def test_axe_finds_nothing_in_any_state(page: Page, theatre: Stage, state: str, look: str) -> None:
    width, height, scheme = LOOKS[look]
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    STATES[state](page, theatre)
    # The blank page that is left has, on purpose, neither title nor region.
    rules = WCAG if state == "leaving" else [*WCAG, "best-practice"]
    options = {"runOnly": {"type": "tag", "values": rules}}
    found = Axe().run(page, options=options).response["violations"]
    assert [f"{rule['id']}: {rule['nodes'][0]['html'][:150]}" for rule in found] == []


CARDS = ["procedure", "decision", "plan", "danger", "boutons", "facile"]

# Elements wider than the screen, or whose text is cut.
CUT = """() => {
  const root = document.querySelector("allobot-widget").shadowRoot;
  const wide = [document.documentElement, ...root.querySelectorAll("#panel, .log")]
    .filter((node) => node.scrollWidth > node.clientWidth + 1);
  const outside = [...root.querySelectorAll("#panel *")].filter((node) => {
    const { left, right, width } = node.getBoundingClientRect();
    const seen = width > 2 && !node.closest(".sr, svg") && node.checkVisibility();
    return seen && (left < -1 || right > innerWidth + 1);
  });
  const cut = [...root.querySelectorAll("button, p, li, h2, h3, h4, a")].filter((node) =>
    !node.closest(".sr") && node.checkVisibility() && getComputedStyle(node).overflow !== "visible"
    && (node.scrollHeight > node.clientHeight + 1 || node.scrollWidth > node.clientWidth + 1));
  return [...wide, ...outside, ...cut].map((node) => node.outerHTML.slice(0, 90));
}"""


@pytest.mark.parametrize("word", CARDS)
def test_nothing_scrolls_sideways_at_400_percent(page: Page, word: str) -> None:
    """A window of 1280 by 1024 zoomed four times."""
    page.set_viewport_size({"width": 320, "height": 256})
    open_widget(page)
    ask(page, word)
    assert page.evaluate(CUT) == []
    expect(page.get_by_role("button", name="Quitter vite")).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("width", [1280, 768])
@pytest.mark.parametrize("word", CARDS)
def test_text_twice_as_big_is_not_cut(page: Page, word: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    open_widget(page)
    size = page.locator("#field").evaluate("node => parseFloat(getComputedStyle(node).fontSize)")
    assert size == 32
    ask(page, word)
    assert page.evaluate(CUT) == []


SPACED = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`* { line-height: 1.5 !important; letter-spacing: 0.12em !important;
    word-spacing: 0.16em !important; } p { margin-bottom: 2em !important; }`);
  document.querySelector("allobot-widget").shadowRoot.adoptedStyleSheets = [sheet];
}"""


@pytest.mark.parametrize("width", [1280, 320])
@pytest.mark.parametrize("word", CARDS)
def test_text_may_be_spaced(page: Page, word: str, width: int) -> None:
    """The values of WCAG 1.4.12."""
    page.set_viewport_size({"width": width, "height": 700})
    page.evaluate(SPACED)
    open_widget(page)
    ask(page, word)
    assert page.evaluate(CUT) == []


# What can be pressed; a link inside a sentence is as tall as its line (2.5.8, "inline").
TARGETS = """() => {
  const root = document.querySelector("allobot-widget").shadowRoot;
  return [...root.querySelectorAll("button, a, textarea, label:has(input)")]
    .filter((node) => node.checkVisibility() && getComputedStyle(node).display !== "inline")
    .map((node) => [node.outerHTML.slice(0, 90), node.getBoundingClientRect()])
    .filter(([, { width, height }]) => width < 24 || height < 43.9);
}"""


@pytest.mark.parametrize("state", ["closed", "buttons", "danger", "plan", "error", "opinion"])
def test_what_is_pressed_is_44_pixels_tall(page: Page, theatre: Stage, state: str) -> None:
    STATES[state](page, theatre)
    assert page.evaluate(TARGETS) == []


# ---- colours


def luminance(colour: str) -> float:
    """The relative luminance of a #rrggbb colour, as WCAG defines it."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


PAIRS = [
    *((ink, under, TEXT) for ink in ("ink", "ink-soft", "link") for under in ("paper", "surface")),
    *((name, f"{name}-soft", TEXT) for name in ("yes", "no", "unknown", "danger")),
    *(("ink", f"{name}-soft", TEXT) for name in ("yes", "no", "unknown", "danger", "brand")),
    *((f"{name}-ink", name, TEXT) for name in ("brand", "header", "sun")),
    *((name, under, SHAPE) for name in ("line-strong", "focus") for under in ("paper", "surface")),
    ("link", "brand-soft", TEXT),
    ("brand", "surface", SHAPE),
    ("unknown", "unknown-soft", SHAPE),
]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_colour_stands_out_from_what_is_under_it(page: Page, scheme: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    names = sorted({name for one, other, _ in PAIRS for name in (one, other)})
    values: dict[str, str] = page.locator("allobot-widget").evaluate(
        """(node, names) => Object.fromEntries(names.map((name) =>
            [name, getComputedStyle(node).getPropertyValue(`--${name}`).trim()]))""",
        names,
    )
    weak = {
        f"{one} on {other}": round(contrast(values[one], values[other]), 2)
        for one, other, least in PAIRS
        if contrast(values[one], values[other]) < least
    }
    assert weak == {}


def test_forced_colours_keep_the_edges_of_what_is_pressed(page: Page) -> None:
    page.emulate_media(forced_colors="active")
    open_widget(page)
    ask(page, "procedure")
    for name in ("Envoyer", "Quitter vite", "Version facile à lire"):
        button = page.get_by_role("button", name=name).first
        assert button.evaluate("node => parseFloat(getComputedStyle(node).borderTopWidth)") >= 1
    easy = page.get_by_role("button", name="Version facile à lire")
    before = easy.evaluate("node => getComputedStyle(node).borderTopWidth")
    easy.click()
    assert easy.evaluate("node => getComputedStyle(node).borderTopWidth") != before


def test_nothing_moves_for_those_who_ask_for_calm(page: Page, theatre: Stage) -> None:
    waiting(page, theatre)
    assert page.evaluate("document.getAnimations().length") == 0
    root = page.locator("allobot-widget")
    assert root.evaluate("node => node.shadowRoot.getAnimations().length") == 0


# ---- what a screen reader says

# Writes down in `heard` what enters a live region, as it would be spoken.
EARS = """() => {
  window.heard = [];
  const parent = (node) => node.parentElement ?? node.getRootNode().host ?? null;
  const implied = { log: "polite", status: "polite", alert: "assertive" };
  const manner = (node) => {
    for (let at = node; at; at = parent(at)) {
      if (at.hidden || at.getAttribute("aria-hidden") === "true") return "off";
      const live = at.getAttribute("aria-live") ?? implied[at.getAttribute("role")];
      if (live) return live;
    }
    return "off";
  };
  new MutationObserver((records) => {
    for (const { addedNodes, target } of records) {
      for (const node of addedNodes) {
        const text = node.textContent.trim();
        const from = node.nodeType === Node.ELEMENT_NODE ? node : target;
        if (text && manner(from) !== "off") window.heard.push(text);
      }
    }
  }).observe(document.querySelector("allobot-widget").shadowRoot,
    { subtree: true, childList: true });
}"""


def heard(page: Page) -> list[str]:
    found: list[str] = page.evaluate("window.heard")
    return [text.replace("\u00a0", " ") for text in found]


def spoken_regions(page: Page) -> dict[str, str]:
    """The live regions of Chromium's accessibility tree: role and manner."""
    session = page.context.new_cdp_session(page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    found = {}
    for node in nodes:
        for item in node.get("properties", []):
            if item["name"] == "live" and node["role"]["value"] in ("log", "status"):
                found[node["role"]["value"]] = item["value"]["value"]
    return found


def test_each_answer_is_said_once_and_so_is_waiting(page: Page) -> None:
    page.evaluate(EARS)
    open_widget(page)
    assert [text for text in heard(page) if "je suis Allobot" in text] == [
        "Allobot : Bonjour, je suis Allobot."
    ]
    page.evaluate("window.heard = []")
    ask(page, "bonjour")
    ask(page, "procedure")
    said = heard(page)
    assert said.count("Allobot écrit…") == 2, "once a question"
    assert len([text for text in said if "Vous avez dit" in text]) == 1
    assert len([text for text in said if "J'ai oublié mon mot de passe" in text]) == 1
    assert not [text for text in said if text.startswith("Vous :")], "nobody hears their own words"
    assert not [text for text in said if "Pas utile" in text]
    assert spoken_regions(page) == {"log": "polite", "status": "polite"}


def test_a_restored_talk_is_not_read_out(page: Page) -> None:
    open_widget(page)
    ask(page, "procedure")
    page.reload()
    expect(launcher(page)).to_be_visible()
    page.evaluate(EARS)
    open_widget(page)
    expect(page.locator(".card.procedure")).to_be_visible()
    page.wait_for_timeout(700)
    assert heard(page) == ["Allobot écrit…", "Votre conversation est affichée."]
    assert spoken_regions(page).get("log", "off") == "off"
    ask(page, "plan")
    assert len([text for text in heard(page) if "votre plan" in text]) == 1


# ---- the keyboard alone


def press_until(page: Page, name: str, key: str = "Tab") -> None:
    """Press a key until the control of this name has the focus, 40 times at most."""
    wanted = """name => {
        let at = document.activeElement;
        while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
        return at?.matches("button") && at.innerText.replace(/\\u00a0/g, " ").includes(name);
    }"""
    for _ in range(40):
        if page.evaluate(wanted, name):
            return
        page.keyboard.press(key)
    raise AssertionError(f"{name} is out of reach of the keyboard")


# Whether what has the focus is drawn above everything else, at its middle or a corner of it.
COVERED = """() => {
  let at = document.activeElement;
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  const box = at.getBoundingClientRect();
  const [left, top] = [Math.max(box.left, 0), Math.max(box.top, 0)];
  const [right, bottom] = [Math.min(box.right, innerWidth), Math.min(box.bottom, innerHeight)];
  const deep = (x, y) => {
    let found = document.elementFromPoint(x, y);
    while (found?.shadowRoot) {
      const inner = found.shadowRoot.elementFromPoint(x, y);
      if (!inner || inner === found) break;
      found = inner;
    }
    return found;
  };
  const points = [[(left + right) / 2, (top + bottom) / 2], [left + 4, top + 4],
    [right - 4, top + 4], [left + 4, bottom - 4], [right - 4, bottom - 4]];
  const seen = points.some(([x, y]) => { const hit = deep(x, y); return hit && at.contains(hit); });
  return seen ? "" : at.outerHTML.slice(0, 90);
}"""


def test_the_whole_journey_without_a_mouse(page: Page) -> None:
    press_until(page, "Poser une question")
    page.keyboard.press("Enter")
    expect(page.locator("#field")).to_be_focused()
    expect(page.locator(".message.bot").first).to_be_visible(timeout=ANSWER)
    page.keyboard.type("boutons")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Je ne sais pas")).to_be_visible(timeout=ANSWER)
    press_until(page, "Je ne sais pas", "Shift+Tab")
    page.keyboard.press("Space")
    expect(page.locator(".message.bot").last).to_contain_text("Vous avez dit", timeout=ANSWER)
    page.locator("#field").focus()
    page.keyboard.type("procedure")
    page.keyboard.press("Enter")
    expect(page.locator(".card.procedure")).to_be_visible(timeout=ANSWER)
    press_until(page, "Version facile à lire", "Shift+Tab")
    page.keyboard.press("Space")
    expect(page.locator(".easy")).to_be_visible()
    press_until(page, "Effacer", "Shift+Tab")
    page.keyboard.press("Enter")
    press_until(page, "Oui, effacer")
    page.keyboard.press("Enter")
    expect(page.locator(".card")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(launcher(page)).to_be_focused()


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (320, 640), (320, 256)])
@pytest.mark.parametrize("word", ["procedure", "danger"])
def test_what_has_the_focus_is_in_sight(page: Page, word: str, width: int, height: int) -> None:
    page.set_viewport_size({"width": width, "height": height})
    open_widget(page)
    ask(page, word)
    page.locator("#field").focus()
    covered = []
    for key in itertools.chain(["Shift+Tab"] * 14, ["Tab"] * 14):
        page.keyboard.press(key)
        inside = page.evaluate("document.activeElement.localName === 'allobot-widget'")
        if inside and (what := page.evaluate(COVERED)):
            covered.append(what)
    assert covered == []


def test_escape_uncovers_the_page_and_leaves_the_focus_there(page: Page) -> None:
    open_widget(page)
    covered = page.get_by_role("button", name="Comment prendre un rendez-vous téléphonique ?")
    covered.focus()
    page.keyboard.press("Escape")
    expect(page.locator("#panel")).to_be_hidden()
    expect(covered).to_be_focused()


# ---- nothing is lost


def test_an_answer_that_got_lost_is_offered_again_and_comes_once(
    page: Page, theatre: Stage
) -> None:
    open_widget(page)
    heard_before = len(theatre.rasa.messages())

    def lose(route: Route) -> None:
        route.fetch()  # the bot hears it; its answer goes nowhere
        route.abort()

    page.route(MESSAGES, lose, times=1)
    say(page, "une question perdue")
    page.get_by_role("button", name="Réessayer").click()
    expect(page.get_by_text("Vous avez dit « une question perdue »")).to_have_count(1)
    expect(page.locator(".failure")).to_have_count(0)
    expect(page.locator(".message.person")).to_have_count(1)
    assert len(theatre.rasa.messages()) == heard_before + 1, "the bot heard it once"


def test_an_answer_under_way_comes_after_a_reload(page: Page, theatre: Stage) -> None:
    open_widget(page)
    theatre.rasa.delay = 1.0
    say(page, "une question interrompue")
    expect(page.locator(".typing")).to_be_visible()
    page.wait_for_timeout(300)
    page.reload()
    open_widget(page)
    answer = page.get_by_text("Vous avez dit « une question interrompue »")
    expect(answer).to_have_count(1, timeout=ANSWER)
    expect(page.locator(".message.person")).to_have_count(1)


def test_what_is_written_offline_leaves_when_the_network_is_back(page: Page) -> None:
    open_widget(page)
    page.context.set_offline(True)
    expect(page.locator(".hint").last).to_contain_text("hors connexion")
    say(page, "écrit sans réseau")
    expect(page.locator(".failure")).to_contain_text("partira tout seul au retour du réseau")
    page.locator("#field").focus()
    page.context.set_offline(False)
    expect(page.get_by_text("Vous avez dit « écrit sans réseau »")).to_have_count(1, timeout=ANSWER)
    expect(page.locator(".failure")).to_have_count(0)
    expect(page.locator("#field")).to_be_focused()


def test_two_tabs_show_the_same_talk(page: Page, theatre: Stage) -> None:
    open_widget(page)
    other = page.context.new_page()
    other.goto(theatre.web)
    open_widget(other)
    ask(other, "dit ailleurs")
    page.bring_to_front()
    expect(page.get_by_text("Vous avez dit « dit ailleurs »")).to_have_count(1, timeout=ANSWER)
    ask(page, "dit ici")
    expect(other.get_by_text("Vous avez dit « dit ici »")).to_have_count(1, timeout=ANSWER)

    page.get_by_role("button", name="Effacer", exact=True).click()
    page.get_by_role("button", name="Oui, effacer").click()
    expect(other.locator(".message.person")).to_have_count(0)
    expect(other.locator(".message.bot")).to_have_count(1)
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0


def test_a_talk_that_ended_goes_on_without_losing_what_was_said(page: Page) -> None:
    open_widget(page)
    ask(page, "avant")
    page.context.clear_cookies()
    ask(page, "après")
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    page.wait_for_timeout(500)
    expect(page.get_by_text("Vous avez dit « avant »")).to_have_count(1)
    expect(page.get_by_text("Vous avez dit « après »")).to_have_count(1)
    expect(page.get_by_text("je suis Allobot")).to_have_count(1)


def talk_of(count: int) -> list[dict[str, Any]]:
    kinds = itertools.cycle(("person", "bot"))
    card = {"kind": "procedure", "title": "Une fiche", "summary": "Long. " * 40, "steps": ["a"] * 5}
    return [
        {"id": f"m{i}", "author": who, "text": f"Message {i}. " * 8, "buttons": []}
        | ({"card": card} if i % 10 == 9 else {})
        for i, who in zip(range(count), kinds, strict=False)
    ]


# The longest wait between two frames, in milliseconds, while the log goes from its top to its end.
JERK = """() => new Promise((resolve) => {
  const log = document.querySelector("allobot-widget").shadowRoot.querySelector(".log");
  let last = performance.now(), worst = 0, frames = 0;
  log.scrollTop = 0;
  const step = (now) => {
    if (frames > 5) worst = Math.max(worst, now - last);
    last = now;
    frames += 1;
    log.scrollTop += log.scrollHeight / 60;
    if (frames < 70) requestAnimationFrame(step);
    else resolve(worst);
  };
  requestAnimationFrame(step);
})"""


def test_five_hundred_messages_stay_fluid(page: Page) -> None:
    page.route("**/api/conversation", lambda route: route.fulfill(json={"messages": talk_of(500)}))
    page.evaluate("performance.mark('open')")
    launcher(page).click()
    expect(page.locator(".message")).to_have_count(500)
    expect(page.locator(".message").last).to_be_in_viewport()
    shown = page.evaluate("performance.now() - performance.getEntriesByName('open')[0].startTime")
    worst = page.evaluate(JERK)
    print(f"500 messages: shown in {shown:.0f} ms, worst frame {worst:.0f} ms")
    assert shown < 3_000
    assert worst < 250
    ends = page.locator(".message").evaluate_all(
        "nodes => nodes.map(node => node.checkVisibility())"
    )
    assert all(ends), "none is out of reach of a search or of a screen reader"


# ---- an opinion


def test_an_opinion_is_sent_with_its_reasons(page: Page) -> None:
    sent: list[Any] = []

    def take(route: Route) -> None:
        sent.append(route.request.post_data_json)
        route.fulfill(status=204)

    page.route("**/api/conversation/feedback", take)
    open_widget(page)
    ask(page, "procedure")
    page.get_by_role("button", name="Pas utile").click()
    page.get_by_label("Trop long").check()
    page.get_by_label("Ne répond pas").check()
    page.get_by_role("button", name="Envoyer mon avis").click()
    expect(page.get_by_text("Merci pour votre avis.")).to_be_focused()
    ask(page, "plan")
    page.get_by_role("button", name="Utile", exact=True).click()
    expect(page.get_by_text("Merci pour votre avis.").last).to_be_focused()
    assert [(body["useful"], body["reasons"]) for body in sent] == [
        (False, ["trop_long", "ne_repond_pas"]),
        (True, []),
    ]
    history = page.request.get(page.url + "api/conversation").json()["messages"]
    rated = [message["id"] for message in history if message.get("card")]
    assert [body["message"] for body in sent] == rated


def test_an_opinion_that_cannot_be_sent_may_be_sent_again(page: Page) -> None:
    page.route("**/api/conversation/feedback", lambda route: route.abort(), times=1)
    open_widget(page)
    ask(page, "procedure")
    useful = page.get_by_role("button", name="Utile", exact=True)
    useful.click()
    expect(page.get_by_text("Votre avis n'est pas parti.")).to_be_visible()
    expect(useful).to_be_visible()


def test_in_danger_no_opinion_is_asked_and_nothing_is_read_aloud(page: Page) -> None:
    page.add_init_script(VOICE)
    page.reload()
    open_widget(page)
    expect(page.get_by_role("button", name="Écouter")).to_have_count(1)
    ask(page, "danger")
    page.wait_for_timeout(300)
    expect(page.locator(".tools")).to_have_count(1)
    expect(page.locator(".danger + .tools, .message:has(.danger) + .tools")).to_have_count(0)


# ---- voices

VOICE = """(() => {
  window.spoken = [];
  window.SpeechSynthesisUtterance = function (text) { this.text = text; };
  const voices = [{ lang: "fr-FR", localService: false, name: "far" },
    { lang: "fr-FR", localService: true, name: "here" }];
  Object.defineProperty(window, "speechSynthesis", { value: {
    getVoices: () => voices, addEventListener() {},
    speak: (said) => window.spoken.push([said.voice.name, said.text]),
    cancel: () => window.spoken.push("cancel"),
  } });
})()"""
FAR_VOICE = VOICE.replace("localService: true", "localService: false")

RECOGNITION = """(() => {
  window.SpeechRecognition = class {
    static available({ processLocally, langs }) {
      return Promise.resolve(processLocally && langs[0] === "fr-FR" ? "STATE" : "available");
    }
    start() {
      window.local = this.processLocally;
      this.onresult({ results: [[{ transcript: "comment toucher la prime" }]] });
      this.onend();
    }
    stop() {}
    abort() {}
  };
  SpeechRecognition.prototype.processLocally = false;
  Document.prototype.__defineGetter__("featurePolicy", () => ({ allowsFeature: () => true }));
})()"""


def test_an_answer_is_read_aloud_by_a_voice_of_the_device_when_asked(page: Page) -> None:
    page.add_init_script(VOICE)
    page.reload()
    open_widget(page)
    ask(page, "procedure")
    assert page.evaluate("window.spoken") == [], "nothing before it is asked"
    listen = page.get_by_role("button", name="Écouter").last
    listen.click()
    expect(page.get_by_text("rien n'est envoyé").last).to_be_visible()
    said = [item for item in page.evaluate("window.spoken") if item != "cancel"]
    assert {name for name, _ in said} == {"here"}
    assert said[0][1] == "J'ai oublié mon mot de passe"
    page.get_by_role("button", name="Arrêter").click()
    assert page.evaluate("window.spoken.at(-1)") == "cancel"
    expect(listen).to_be_visible()


def test_closing_the_panel_makes_it_silent(page: Page) -> None:
    page.add_init_script(VOICE)
    page.reload()
    open_widget(page)
    page.get_by_role("button", name="Écouter").click()
    page.keyboard.press("Escape")
    assert page.evaluate("window.spoken.at(-1)") == "cancel"


def test_without_a_voice_of_the_device_nothing_is_offered(page: Page) -> None:
    page.add_init_script(FAR_VOICE)
    page.reload()
    open_widget(page)
    ask(page, "procedure")
    expect(page.get_by_role("button", name="Pas utile")).to_be_visible()
    expect(page.get_by_role("button", name="Écouter")).to_have_count(0)


def test_dictation_writes_on_the_device_and_sends_nothing(page: Page) -> None:
    page.add_init_script(RECOGNITION.replace("STATE", "available"))
    page.reload()
    open_widget(page)
    page.get_by_role("button", name="Dicter").click()
    expect(page.locator("#field")).to_have_value("comment toucher la prime")
    expect(page.get_by_text(re.compile("votre voix n'est pas envoyée")).first).to_be_visible()
    assert page.evaluate("window.local") is True
    expect(page.locator(".message.person")).to_have_count(0)


@pytest.mark.parametrize("state", ["downloadable", "unavailable"])
def test_without_recognition_on_the_device_nobody_may_dictate(page: Page, state: str) -> None:
    page.add_init_script(RECOGNITION.replace("STATE", state))
    page.reload()
    open_widget(page)
    ask(page, "procedure")
    expect(page.get_by_role("button", name="Pas utile")).to_be_visible()
    expect(page.get_by_role("button", name="Dicter")).to_have_count(0)
