// Allobot's chat widget: a custom element, no dependency.
//
//   <script type="module" src="/widget/allobot.js"></script>
//   <allobot-widget exit-url="https://meteofrance.com"></allobot-widget>
//
// Without that element, the script adds it: on another site its tag alone is enough, with its
// data-label, data-title, data-position and data-exit-url.
//
// Any element of the page with data-allobot-question="…" opens the panel with that question typed.
// Runs under a CSP with trusted-types 'none': the DOM is built node by node, never from markup.
// Stores nothing in the browser and calls the API only once the person opens the panel.

import { strings } from "./strings.js";

const API = new URL("../api/", import.meta.url);
const PRIVACY = new URL("../confidentialite", import.meta.url);
const STYLE = new URL("allobot.css", import.meta.url);
// The settings that another site gives in its tag.
const tag = [...document.scripts].find(({ src }) => src === import.meta.url)?.dataset ?? {};
const TIMEOUT_MS = 15000;
const MAX_LENGTH = 500;
const COUNTER_FROM = 100; // characters left when the counter appears
const DEFAULT_EXIT = "https://meteofrance.com";
const EXIT_PRESSES = 3;
const EXIT_WINDOW_MS = 1500;
const FULL_SCREEN = matchMedia("(max-width: 30em), (max-height: 30em)"); // same as allobot.css
const CALM = matchMedia("(prefers-reduced-motion: reduce)");

// ---------------------------------------------------------------- DOM helpers

/** French typography: no line break before : ; ? ! » % € nor after «. */
const typeset = (text) => text.replace(/ (?=[:;?!»%€])/g, "\u00a0").replace(/« /g, "«\u00a0");

/** Creates an element. A function is a listener, `true` an empty attribute, null or false nothing. */
function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name, value);
    else if (value === true) node.setAttribute(name, "");
    else if (value) node.setAttribute(name, value);
  }
  for (const child of children.flat(2)) {
    if (child) node.append(child instanceof Node ? child : typeset(String(child)));
  }
  return node;
}

const ICONS = {
  chat: "M4 5.5h16v11h-8.5L7 20.5v-4H4z M8.5 11h.01 M12 11h.01 M15.5 11h.01",
  yes: "M5 12.5l4.5 4.5L19 7.5",
  no: "M6.5 6.5l11 11 M17.5 6.5l-11 11",
  unknown: "M8.5 9a3.5 3.5 0 1 1 5 3.2c-1 .6-1.5 1.2-1.5 2.3 M12 18.2h.01",
  listen: "M4.5 9.5v5H8l5 4v-13l-5 4z M16.5 9a4.5 4.5 0 0 1 0 6 M19 6.5a8 8 0 0 1 0 11",
  dictate: "M12 3.5a2.5 2.5 0 0 1 2.5 2.5v5.5a2.5 2.5 0 0 1-5 0V6A2.5 2.5 0 0 1 12 3.5z M6 11.5a6 6 0 0 0 12 0 M12 17.5v3",
  up: "M7.5 11v9h-3v-9zl4-7.5c1.5 0 2.5 1.2 2.2 2.7L13 9.5h5.5a1.8 1.8 0 0 1 1.7 2.2l-1.5 6.8a2 2 0 0 1-2 1.5H7.5",
  phone: "M6 3.5h3.5l1.5 5-2.2 1.6a12 12 0 0 0 5.1 5.1l1.6-2.2 5 1.5V18a2.5 2.5 0 0 1-2.5 2.5A14.5 14.5 0 0 1 3.5 6 2.5 2.5 0 0 1 6 3.5z",
};

/** A decorative line icon, hidden from screen readers. */
function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  const path = document.createElementNS(space, "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("icon", `icon-${name}`);
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

const hiddenText = (text) => el("span", { class: "sr" }, text);

/** The address when its scheme is one we accept, else null. */
function safeHref(address) {
  try {
    const { protocol, href } = new URL(address);
    return ["https:", "tel:", "mailto:"].includes(protocol) ? href : null;
  } catch {
    return null;
  }
}

/** A link, or its children as plain text when the address is not one we accept. */
function link(address, attributes, ...children) {
  const href = safeHref(address);
  if (!href) return el("span", attributes, ...children);
  const outside = href.startsWith("https:");
  return el(
    "a",
    { ...attributes, href, rel: "noopener noreferrer", target: outside && "_blank" },
    ...children,
    outside && hiddenText(strings.newWindow),
  );
}

/** Plain text whose short phone numbers can be tapped ("3230", but not "3230 €"). */
function withPhones(text) {
  return String(text ?? "")
    .split(/\b(3230|3919)\b(?!\s*€)/)
    .map((part, index) => (index % 2 ? link(`tel:${part}`, {}, part) : part));
}

/** A version 4 UUID, also where crypto.randomUUID is not: neither https nor localhost. */
function uuid() {
  return "xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx".replace(/x/g, () =>
    (crypto.getRandomValues(new Uint8Array(1))[0] & 15).toString(16));
}

// ---------------------------------------------------------------- API

/**
 * One API call. On an error status, throws an error with its `status`, `code` and `message`; `final`
 * is true when sending the same thing again cannot help. A network failure or a time-out has none.
 */
async function call(method, path, cancel, body) {
  const controller = new AbortController();
  const abort = () => controller.abort();
  const timer = setTimeout(abort, TIMEOUT_MS);
  cancel.addEventListener("abort", abort);
  try {
    const response = await fetch(new URL(path, API), {
      method,
      body: body && JSON.stringify(body),
      headers: body && { "Content-Type": "application/json" },
      credentials: "include",
      cache: "no-store",
      signal: controller.signal,
    });
    const { status, ok } = response;
    const answer = status === 204 ? {} : await response.json();
    const final = status < 500 && status !== 408 && status !== 429;
    if (!ok) throw Object.assign(new Error(), answer.error, { status, final });
    return answer;
  } finally {
    clearTimeout(timer);
    cancel.removeEventListener("abort", abort);
  }
}

// ---------------------------------------------------------------- cards

/** "2026-05-01" → "1er mai 2026"; anything else is given back as it came. */
function frenchDate(iso) {
  const date = new Date(`${iso}T00:00:00Z`);
  if (Number.isNaN(date.getTime())) return iso ?? "";
  const format = new Intl.DateTimeFormat("fr-FR", { dateStyle: "long", timeZone: "UTC" });
  return format.format(date).replace(/^1 /, "1er ");
}

/** A titled list, or nothing when there is nothing to list. */
function section(name, items, render = (item) => item, tag = "ul", title = strings[name]) {
  if (!items?.length) return null;
  return el(
    "section",
    { class: `part ${name}` },
    el("h4", {}, title),
    el(tag, { role: "list" }, items.map((item) => el("li", {}, render(item)))),
  );
}

/** What answers the very question, before the subject as a whole. */
function answerParts({ answers = [], notices = [] }) {
  return [
    answers.map(({ sentences }) => el("p", { class: "answer" }, withPhones(sentences.join(" ")))),
    notices.map((line) => el("p", { class: "caution" }, withPhones(line))),
  ];
}

function contactItem({ label, value, details, href }) {
  return [
    el("span", { class: "contact-label" }, label),
    link(href, { class: "contact-value" }, href?.startsWith("tel:") && icon("phone"), value),
    details && el("span", { class: "contact-details" }, details),
  ];
}

function emergencyItem({ label, value, details, href }) {
  return link(
    href,
    { class: "call" },
    icon("phone"),
    el("span", { class: "call-value" }, value),
    el("span", { class: "call-label" }, label, details && el("small", {}, details)),
  );
}

function conditionItem({ label, status, source }) {
  const known = status in strings.statuses ? status : "unknown";
  const sign = { satisfied: "yes", not_satisfied: "no", unknown: "unknown" }[known];
  return el(
    "div",
    { class: `condition ${known}` },
    icon(sign),
    el("span", {}, label),
    el("small", {},
      el("span", { class: "condition-status" }, strings.statuses[known]),
      source && [" ", strings.source, source]),
  );
}

function verdict({ verdict: word, words, amount, date }) {
  const known = word in strings.verdicts ? word : "a_preciser";
  const sign = { oui: "yes", non: "no", a_preciser: "unknown" }[known];
  return el(
    "div",
    { class: `verdict ${known}` },
    icon(sign),
    el("p", { class: "verdict-word" },
      el("span", { class: "estimation" }, strings.estimation),
      hiddenText(" : "),
      el("strong", {}, words || strings.verdicts[known])),
    amount?.text && el("p", { class: "amount" }, amount.text),
    date && el("p", { class: "verdict-date" }, strings.estimatedOn(frenchDate(date))),
  );
}

function decisionParts(decision) {
  return [
    section("conditions", decision.conditions, conditionItem),
    section("missing", decision.missing, withPhones),
    section("notes", decision.notes, withPhones),
  ];
}

/** In danger, every number but the Caf's own is a big button. */
const isEmergency = ({ href }) => href?.startsWith("tel:") && href !== strings.personHref;

/** Calls that may save a life come first: 17, then 3919, then the others in their order. */
function emergencyCalls(contacts = []) {
  const first = ["tel:17", "tel:3919"];
  const rank = ({ href }) => first.indexOf(href) + 1 || first.length + 1;
  const calls = contacts.filter(isEmergency).sort((a, b) => rank(a) - rank(b));
  return calls.length > 0 &&
    el("ul", { class: "calls", role: "list" },
      calls.map((contact) => el("li", {}, emergencyItem(contact))));
}

function sourcesFooter({ sources = [], verifie_le: checked, territoire }) {
  const lines = sources.map(({ document: name, section: part, date }) =>
    strings.sourceOf(name, part, date && frenchDate(date)));
  const local = territoire && territoire !== "national";
  if (!lines.length && !checked && !local) return null;
  const last = checked && strings.checked(frenchDate(checked));
  return el("footer", { class: "origin" },
    local && el("p", {}, strings.territory(territoire)),
    lines.length === 1 && el("p", {}, strings.source, lines[0], last && ` ${last}`),
    lines.length > 1 && section("sources", lines),
    lines.length !== 1 && last && el("p", {}, last));
}

/** The button that swaps `standard` for `easy`; `remember` is told the new choice. */
function easyReadToggle(standard, easy, pressed, remember) {
  const show = (on) => {
    standard.hidden = on;
    easy.hidden = !on;
    button.setAttribute("aria-pressed", String(on));
  };
  const button = el("button", { type: "button", class: "easy-toggle", click: () => {
    const on = easy.hidden;
    show(on);
    remember(on);
  } }, strings.easyRead);
  show(pressed);
  return button;
}

/** The link to a page of this very site, or nothing: to print it or to share it. */
function pageLink(path) {
  const { origin, href } = new URL(path ?? "", import.meta.url);
  return path && origin === API.origin &&
    el("a", { class: "page", href, target: "_blank", rel: "noopener" },
      strings.page, hiddenText(strings.newWindow));
}

/** A card of any kind. `easyRead` is `{on}`, the choice shared by the cards to come. */
function card(data, easyRead, exit) {
  const danger = data.kind === "danger";
  const kind = data.decision ? "decision" : data.kind;
  if (data.easy) easyRead.on = true;
  const contacts = data.contacts?.filter((contact) => !danger || !isEmergency(contact));
  const standard = el("div", { class: "standard" },
    data.summary && el("p", { class: "summary" }, withPhones(data.summary)),
    data.decision && decisionParts(data.decision),
    section("steps", data.steps, withPhones, "ol", strings[data.kind]));
  const easy = data.falc?.length &&
    el("div", { class: "easy" }, data.falc.map((line) => el("p", {}, withPhones(line))));
  return el("article", { class: `card ${kind}` },
    data.title && el("h3", {}, data.title),
    danger && [
      emergencyCalls(data.contacts),
      el("button", { type: "button", class: "leave", click: exit }, strings.exitHere),
      el("p", {}, strings.dangerExit),
    ],
    data.decision && verdict(data.decision),
    answerParts(data),
    easy && easyReadToggle(standard, easy, easyRead.on, (on) => { easyRead.on = on; }),
    standard,
    easy,
    data.places_title && el("p", {}, data.places_title),
    section("places", data.places, contactItem),
    section("events", data.events),
    section("contacts", contacts, contactItem),
    section("links", data.links, ({ label, url }) => link(url, {}, label)),
    pageLink(data.page),
    sourcesFooter(data));
}

// ---------------------------------------------------------------- the element

class AllobotWidget extends HTMLElement {
  #root;
  #styled;
  #launcher;
  #panel;
  #log;
  #typing;
  #status;
  #confirm;
  #eraseButton;
  #field;
  #hint;
  #sendButton;
  #replies = null; // the group of quick replies under the last answer
  #opener = null; // what gets the focus back on closing
  #easyRead = { on: false };
  #started = false; // a conversation was opened in this page
  #waiting = false;
  #cancel = new AbortController(); // aborted when the conversation on screen goes away
  #presses = [];
  #tabs = null; // a quick exit in one tab is one in all (the page of a plan listens too)
  #talk = null; // the tabs of one conversation show the same messages
  #shown = new Map(); // id of a message -> its node: nothing is shown twice
  #answer = []; // the last messages of the bot
  #unsent = new Set(); // tries again what could not be sent, one function a message
  #extras = null; // thumbs, reading aloud, dictation: loaded once the panel is open
  #listening = null; // ends the listeners of the page

  constructor() {
    super();
    this.#root = el("div", { class: `root ${tag.position}`, lang: "fr", hidden: true },
      this.#buildLauncher(), this.#buildPanel());
    const shadow = this.attachShadow({ mode: "open" });
    this.#styled = new Promise((resolve) => { // hidden until styled; without style it still works
      shadow.append(el("link", { rel: "stylesheet", href: STYLE.href, load: resolve, error: resolve }));
    }).then(() => { this.#root.hidden = false; });
    shadow.append(this.#root);
  }

  connectedCallback() {
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    const listen = (target, types, listener, capture = false) => {
      for (const type of types) target?.addEventListener(type, listener, { signal, capture });
    };
    listen(document, ["click"], this.#onPageClick);
    listen(document, ["keydown"], this.#onPageKey, true);
    listen(document, ["visibilitychange"], this.#sync);
    listen(window, ["focus"], this.#sync);
    listen(window, ["online", "offline"], this.#onNetwork);
    listen(window.visualViewport, ["resize", "scroll"], this.#fit);
  }

  disconnectedCallback() {
    this.#listening.abort();
    this.#tabs?.close();
    this.#talk?.close();
    this.#tabs = this.#talk = null;
    this.#forget();
    this.#started = false;
  }

  /** Opens the panel; with a question, types it in the field without sending it. */
  open(question) {
    if (this.#root.hidden) {
      this.#styled.then(() => this.open(question));
      return;
    }
    if (!this.#panel.open) this.#reveal();
    if (question) {
      this.#field.value = question.slice(0, MAX_LENGTH);
      this.#onInput();
    }
    this.#field.focus();
    if (!this.#started) this.#start();
  }

  /** Closes the panel and gives the focus back. The conversation goes on. */
  close() {
    if (!this.#panel.open) return;
    const focused = this.#root.getRootNode().activeElement;
    this.#closeConfirm();
    this.#extras?.hush();
    this.#panel.close();
    this.#launcher.hidden = false;
    this.#launcher.setAttribute("aria-expanded", "false");
    const back = this.#opener?.isConnected ? this.#opener : this.#launcher;
    this.#opener = null;
    if (focused) back.focus(); // else the person is reading the page: leave them there
  }

  // ---- building

  #buildLauncher() {
    this.#launcher = el("button", {
      type: "button",
      class: "launcher",
      "aria-haspopup": "dialog",
      "aria-expanded": "false",
      click: () => this.open(),
    }, icon("chat"), tag.label || strings.launcher);
    return this.#launcher;
  }

  #buildPanel() {
    this.#panel = el("dialog", {
      id: "panel",
      class: "panel",
      "aria-labelledby": "title",
      "aria-describedby": "subtitle",
      keydown: (event) => this.#onPanelKey(event),
      cancel: (event) => { event.preventDefault(); this.close(); },
    }, this.#buildHeader(), this.#buildConfirm(), this.#buildLog(), this.#buildForm());
    return this.#panel;
  }

  #buildHeader() {
    const button = (name, onClick, title) =>
      el("button", { type: "button", class: name, title, click: onClick }, strings[name],
        title && hiddenText(`. ${strings.exitHere}`));
    this.#eraseButton = button("erase", () => this.#openConfirm());
    return el("div", { class: "header" },
      el("h2", { id: "title" }, icon("chat"), tag.title || strings.title),
      button("exit", () => this.#exit(), strings.exitHelp),
      button("close", () => this.close()),
      el("p", { id: "subtitle" }, strings.subtitle),
      this.#eraseButton);
  }

  #buildConfirm() {
    const button = (name, onClick) =>
      el("button", { type: "button", class: name, click: onClick }, strings[name]);
    this.#confirm = el("div", {
      class: "confirm", role: "alertdialog", "aria-labelledby": "confirm-question", hidden: true,
    },
    el("p", { id: "confirm-question" }, strings.eraseQuestion),
    button("eraseNo", () => this.#closeConfirm()),
    button("eraseYes", () => this.#erase()));
    return this.#confirm;
  }

  #buildLog() {
    this.#typing = el("p", { class: "typing", "aria-hidden": "true", hidden: true },
      el("span", { class: "dots" }, el("i"), el("i"), el("i")), strings.typing);
    this.#log = el("div", {
      class: "log", role: "log", "aria-label": strings.log, tabindex: "0",
    });
    this.#readOut(false);
    this.#clearLog();
    return this.#log;
  }

  #buildForm() {
    this.#field = el("textarea", {
      id: "field", rows: "2", maxlength: MAX_LENGTH, autocomplete: "off", enterkeyhint: "send",
      placeholder: strings.placeholder, "aria-describedby": "hint",
      input: () => this.#onInput(), keydown: (event) => this.#onFieldKey(event),
    });
    this.#sendButton = el("button", { class: "send" }, strings.send);
    this.#hint = el("p", { id: "hint", class: "hint" });
    this.#status = el("p", { class: "sr", role: "status" });
    return el("form", {
      class: "form",
      novalidate: true,
      submit: (event) => { event.preventDefault(); this.#submit(); },
    },
    el("label", { for: "field" }, strings.field),
    this.#field, this.#sendButton, this.#hint, this.#status);
  }

  // ---- page and keyboard

  #onPageClick = (event) => {
    const trigger = event.target.closest?.("[data-allobot-question]");
    if (!trigger) return;
    this.#opener = trigger;
    this.open(trigger.dataset.allobotQuestion);
  };

  #onPageKey = (event) => {
    if (event.key === "Escape" && !event.composedPath().includes(this)) this.close();
    if (!this.#started || event.repeat) return;
    const recent = this.#presses.filter((time) => event.timeStamp - time < EXIT_WINDOW_MS);
    this.#presses = event.key === "Shift" ? [...recent, event.timeStamp] : [];
    if (this.#presses.length >= EXIT_PRESSES) this.#exit();
  };

  #onPanelKey(event) {
    if (event.key !== "Escape" || event.isComposing) return;
    event.preventDefault();
    event.stopPropagation();
    if (this.#confirm.hidden) this.close();
    else this.#closeConfirm();
  }

  #onFieldKey(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.#submit();
  }

  #onInput() {
    const left = MAX_LENGTH - this.#field.value.length;
    const before = this.#hint.textContent;
    if (left > COUNTER_FROM) this.#hint.textContent = "";
    else this.#hint.textContent = left > 0 ? strings.remaining(left) : strings.full;
    const appeared = !before && this.#hint.textContent;
    if (appeared || left === 0) this.#announce(this.#hint.textContent);
  }

  #onNetwork = async () => {
    if (!this.#started) return;
    this.#say(navigator.onLine ? "" : strings.offline);
    for (const again of navigator.onLine ? [...this.#unsent] : []) await again();
  };

  /** Keeps a full-screen panel above the on-screen keyboard. */
  #fit = () => {
    const { height, offsetTop, scale } = window.visualViewport;
    const zoomed = scale > 1.01;
    this.#panel.style.setProperty("--visible-height", zoomed ? "100dvh" : `${height}px`);
    this.#panel.style.setProperty("--visible-top", zoomed ? "0px" : `${offsetTop}px`);
  };

  // ---- panel

  #reveal() {
    this.#launcher.hidden = true;
    this.#launcher.setAttribute("aria-expanded", "true");
    if (window.visualViewport) this.#fit();
    // Full screen hides the page: it must then be out of reach of the keyboard and screen readers too.
    if (FULL_SCREEN.matches) this.#panel.showModal();
    else this.#panel.show();
  }

  #openConfirm() {
    this.#confirm.hidden = false;
    this.#confirm.querySelector("button").focus();
  }

  #closeConfirm() {
    if (this.#confirm.hidden) return;
    this.#confirm.hidden = true;
    this.#eraseButton.focus();
  }

  /** For people in danger: blank first, then leave; the erasure outlives the page. */
  #exit() {
    this.#tabs?.postMessage("exit"); // our other tabs leave too
    this.#extras?.hush();
    document.title = strings.exitTitle;
    document.body.replaceChildren();
    fetch(new URL("conversation", API), {
      method: "DELETE", keepalive: true, credentials: "include",
    }).catch(() => {});
    const address = safeHref(this.getAttribute("exit-url") ?? tag.exitUrl);
    location.replace(address?.startsWith("https:") ? address : DEFAULT_EXIT);
  }

  // ---- conversation

  async #start() {
    this.#started = true;
    this.#joinTabs();
    const { signal } = this.#cancel;
    this.#readOut(true);
    this.#setWaiting(true);
    try {
      const { messages, information } = await call("POST", "conversation", signal, {});
      if (information) this.#log.querySelector(".notice").prepend(el("p", {}, information));
      const resumed = messages.some(({ author }) => author === "person");
      if (resumed) this.#readOut(false); // or the whole past would be read out
      this.#showAll(messages, "auto");
      this.#setWaiting(false, resumed ? strings.resumed : "");
      const { id, author, text } = messages.at(-1) ?? {};
      // The page went away before the answer came: the same id gets it, once.
      if (author === "person") this.#send({ id, text }, this.#shown.get(id));
      this.#loadExtras();
    } catch (error) {
      if (!signal.aborted) this.#fail(error, () => this.#start());
    }
  }

  #joinTabs() {
    if (this.#tabs) return;
    this.#tabs = new BroadcastChannel("allobot");
    this.#tabs.onmessage = () => this.#exit();
    this.#talk = new BroadcastChannel("allobot-talk");
    this.#talk.onmessage = ({ data }) => (data === "erased" ? this.#restart() : this.#sync());
  }

  /** Shows what was said in another tab. A conversation that ended stays on screen. */
  #sync = async () => {
    if (!this.#started || this.#waiting || document.hidden) return;
    const { signal } = this.#cancel;
    try {
      const { messages } = await call("GET", "conversation", signal);
      if (signal.aborted || this.#waiting) return;
      const same = messages.some(({ id }) => this.#shown.has(id));
      if (!same) this.#forget(); // another conversation took its place
      this.#readOut(false);
      this.#showAll(messages);
    } catch {
      // Nothing is lost: the next focus tries again.
    }
  };

  async #restart() {
    this.#forget();
    await this.#start();
  }

  async #erase() {
    try {
      await call("DELETE", "conversation", new AbortController().signal);
    } catch (error) {
      if (error.status !== 404) {
        this.#closeConfirm();
        this.#say(strings.eraseFailed);
        return;
      }
    }
    this.#closeConfirm();
    await this.#restart();
    this.#talk.postMessage("erased");
    this.#say(strings.erased);
  }

  /** Clears what is on screen and stops waiting for an answer to it. */
  #forget() {
    this.#cancel.abort();
    this.#cancel = new AbortController();
    this.#unsent.clear();
    this.#extras?.hush();
    this.#clearLog();
    this.#field.value = "";
    this.#onInput();
    this.#setWaiting(false);
  }

  #submit() {
    const text = this.#field.value.trim();
    if (!text) this.#field.focus();
    else if (this.#tell(text, { text })) {
      this.#field.value = "";
      this.#onInput();
    }
  }

  /** Shows what the person says and sends it, unless it must wait: tells which. */
  #tell(text, body, refused) {
    if (this.#waiting) return this.#say(strings.wait);
    const id = uuid();
    const node = this.#show({ id, author: "person", text });
    if (!body.text) this.#holdFocus(node);
    this.#send({ id, ...body }, node, refused);
    return true;
  }

  /**
   * Sends a message, new or tried again: the same id is never answered twice. What is refused for
   * good is taken back when its form is there to tell why.
   */
  async #send(message, node, refused) {
    const { signal } = this.#cancel;
    this.#readOut(true);
    this.#setWaiting(true);
    this.#scrollTo(this.#typing);
    try {
      const { messages } = await this.#deliver(message, signal, refused);
      if (signal.aborted) return;
      this.#showAll(messages);
      this.#scrollTo(node);
      this.#setWaiting(false);
      this.#talk.postMessage("said");
    } catch (error) {
      if (signal.aborted) return;
      if (refused && error.final) {
        node.remove();
        this.#setWaiting(false);
        refused(error);
      } else this.#fail(error, () => this.#send(message, node, refused), node);
    }
  }

  /** Delivers a message; when the conversation is over, opens another and delivers it there. */
  async #deliver(message, signal, form) {
    const post = () =>
      call("POST", `conversation/${form ? "coordonnees" : "messages"}`, signal, message);
    try {
      return await post();
    } catch (error) {
      if (error.code !== "no_conversation") throw error;
      const { messages } = await call("POST", "conversation", signal, {});
      for (const { id } of messages) this.#shown.set(id, null); // no greeting half-way
      return post();
    }
  }

  /** Says what went wrong and, when it can help, offers to try again. */
  #fail({ final, status, message }, again, origin = this.#field) {
    this.#setWaiting(false);
    const failed = (API.origin === location.origin ? "" : strings.elsewhere) + strings.failed;
    const fallback = final ? strings.refused : navigator.onLine ? failed : strings.offline;
    const answered = final || status === 429;
    const retry = (event) => {
      if (this.#waiting) return this.#say(strings.wait);
      if (event) this.#holdFocus(origin); // else the network came back: the focus stays
      node.remove();
      this.#unsent.delete(retry);
      return again();
    };
    const sentLater = !answered && !navigator.onLine;
    if (sentLater) this.#unsent.add(retry);
    const node = el("div", { class: "message bot failure" },
      hiddenText(strings.says(strings.bot)),
      el("div", { class: "bubble" },
        el("p", {}, (answered && message) || fallback),
        sentLater && el("p", {}, strings.sentLater),
        !final && el("button", { type: "button", class: "retry", click: retry }, strings.retry),
        link(strings.personHref, { class: "person-call" }, icon("phone"), strings.callPerson)));
    this.#append(node);
    this.#scrollTo(node);
  }

  #setWaiting(waiting, announcement = "") {
    this.#waiting = waiting;
    this.#typing.hidden = !waiting;
    this.#sendButton.setAttribute("aria-disabled", String(waiting));
    this.#replies?.querySelectorAll("button").forEach((button) => { button.disabled = waiting; });
    if (this.#hint.textContent === strings.wait) this.#onInput();
    this.#announce(waiting ? strings.typing : announcement);
  }

  // ---- log

  #clearLog() {
    this.#replies = null;
    this.#shown.clear();
    this.#answer = [];
    this.#log.replaceChildren(
      el("div", { class: "notice" },
        strings.notice.map((line) => el("p", {}, withPhones(line))),
        el("p", {}, el("a", { href: PRIVACY.href, target: "_blank", rel: "noopener" },
          strings.privacy, hiddenText(strings.newWindow)))),
      this.#typing);
  }

  /** Adds to the end of the log; the typing sign stays last. */
  #append(node) {
    this.#typing.before(node);
  }

  /** Whether screen readers say what is added to the log. */
  #readOut(on) {
    this.#log.setAttribute("aria-live", on ? "polite" : "off");
  }

  /** Shows one message and returns its node. */
  #show(message) {
    const { id, author, text, card: data } = message;
    const from = author === "person" ? "person" : "bot";
    // Nobody needs to hear what they have just written.
    const node = el("div", { class: `message ${from}`, "aria-live": from === "person" && "off" },
      hiddenText(strings.says(strings[from])),
      (data && this.#draw(data)) ?? el("p", { class: "bubble" }, withPhones(text)));
    this.#append(node);
    this.#shown.set(id, node);
    if (data?.kind === "rendez_vous") { // its form and its file; without them, one types
      const send = (...said) => this.#tell(...said);
      import("./booking.js").then(({ book }) => book(node, message, el, typeset, send), () => {});
    }
    return node;
  }

  /** The card, or null when this version of the widget cannot draw it: its text then speaks. */
  #draw(data) {
    try {
      return card(data, this.#easyRead, () => this.#exit());
    } catch (error) {
      console.error(error);
      return null;
    }
  }

  /** Shows those not shown yet, in order, then the quick replies that nobody used. */
  #showAll(messages, behavior) {
    const fresh = messages.filter(({ id }) => !this.#shown.has(id));
    if (!fresh.length) return;
    this.#replies?.remove();
    this.#replies = null;
    const nodes = fresh.map((message) => this.#show(message));
    const asked = fresh.map(({ author }) => author).lastIndexOf("person");
    this.#showReplies(fresh.slice(asked + 1).flatMap(({ buttons }) => buttons ?? []));
    if (asked >= 0) this.#scrollTo(nodes[asked], behavior);
    this.#answer = fresh.slice(asked + 1);
    this.#equip();
  }

  async #loadExtras() {
    if (this.#extras) return;
    try {
      this.#extras = await import("./extras.js");
      this.#extras.use({ el, icon });
    } catch {
      return; // the talk does without
    }
    const dictation = await this.#extras.dictation(this.#field, (text) => this.#say(text));
    if (dictation) this.#field.before(dictation);
    this.#equip();
  }

  /** Puts thumbs and reading aloud under the last answer. Never in danger: be discreet. */
  #equip() {
    const { id } = this.#answer.findLast(({ card: data }) => data) ?? this.#answer.at(-1) ?? {};
    const node = this.#shown.get(id);
    const danger = this.#answer.some(({ card: data }) => data?.kind === "danger");
    if (!this.#extras || !node || danger || node.nextSibling.matches(".tools")) return;
    const rate = (body) => call("POST", "conversation/feedback", this.#cancel.signal, body);
    node.after(this.#extras.tools(id, node, rate)); // beside it, so as not to be read out with it
  }

  #showReplies(buttons) {
    if (!buttons.length) return;
    this.#replies = el("div", { class: "replies", role: "group", "aria-label": strings.replies },
      buttons.map(({ id, label }) =>
        el("button", { type: "button", class: "reply", click: () => this.#tell(label, { button: id }) }, label)));
    this.#append(this.#replies);
  }

  /** Moves the focus off a button about to go, to where reading goes on (and no keyboard pops up). */
  #holdFocus(node) {
    if (node.tabIndex < 0) node.tabIndex = -1;
    node.focus({ preventScroll: true });
  }

  #scrollTo(node, behavior = CALM.matches ? "auto" : "smooth") {
    // On a very short screen the panel scrolls, under the exit button that stays.
    const whole = getComputedStyle(this.#log).overflowY === "visible";
    const [scroller, margin] = whole ? [this.#panel, 72] : [this.#log, 12];
    const gap = node.getBoundingClientRect().top - scroller.getBoundingClientRect().top;
    const top = scroller.scrollTop + gap - margin;
    scroller.scrollTo({ top, behavior });
  }

  // ---- spoken and written hints

  #announce(text) {
    this.#status.textContent = text;
  }

  #say(text) {
    this.#hint.textContent = text;
    this.#announce(text);
  }
}

customElements.define("allobot-widget", AllobotWidget);

if (!document.querySelector("allobot-widget")) document.body.append(new AllobotWidget());
