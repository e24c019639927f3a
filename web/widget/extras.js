// What is not needed to talk, loaded once the panel is open: thumbs, reading aloud, dictation.
// Both voices work on the device itself, or their button is not there: no sound ever leaves it.

import { strings } from "./strings.js";

const LANGUAGE = "fr-FR";
const speech = window.speechSynthesis;
let listener = null; // the recognition under way

/** A French voice of the device, once the browser has one; a promise that may never be kept. */
const voice = new Promise((resolve) => {
  const look = () => {
    const found = speech?.getVoices().find(({ lang, localService }) =>
      localService && lang.startsWith("fr"));
    if (found) resolve(found);
  };
  look();
  speech?.addEventListener?.("voiceschanged", look);
});

/** Stops speaking and listening, at once. */
export function hush() {
  speech?.cancel();
  listener?.abort();
}

/** Builds with the helpers of allobot.js, which it is given once: no module is loaded twice. */
let el;
let icon;
export function use(helpers) {
  ({ el, icon } = helpers);
}

const tool = (name, text, click, attributes = {}) =>
  el("button", { type: "button", class: "tool", click, ...attributes }, icon(name), text);

/** The tools of one answer: `node` holds it, `rate` sends the opinion. */
export function tools(id, node, rate) {
  const row = el("div", {
    class: "tools", role: "group", "aria-label": strings.tools, "aria-live": "off",
  });
  if (node.querySelector(".card")) row.append(...thumbs(id, row, rate));
  voice.then((found) => row.prepend(...reader(node, found)));
  return row;
}

// ---------------------------------------------------------------- thumbs

function thumbs(id, row, rate) {
  const send = async (body) => {
    try {
      await rate({ message: id, ...body });
      end.textContent = strings.rated;
      for (const part of [yes, no, reasons]) part.remove();
    } catch {
      end.textContent = strings.rateFailed;
    }
    end.hidden = false;
    end.focus();
  };
  const yes = tool("up", strings.useful, () => send({ useful: true, reasons: [] }));
  const no = tool("up", strings.useless, () => {
    reasons.hidden = !reasons.hidden;
    no.setAttribute("aria-expanded", String(!reasons.hidden));
    reasons.scrollIntoView({ block: "nearest" });
  }, { class: "tool useless", "aria-expanded": "false" });
  const choices = Object.entries(strings.reasons).map(([value, label]) =>
    el("label", {}, el("input", { type: "checkbox", value }), label));
  const reasons = el("fieldset", { class: "reasons", hidden: true },
    el("legend", {}, strings.why),
    choices,
    el("button", { type: "button", class: "rate", click: () => {
      const ticked = [...reasons.querySelectorAll(":checked")].map(({ value }) => value);
      return send({ useful: false, reasons: ticked });
    } }, strings.rate));
  const end = el("p", { class: "hint", tabindex: "-1", hidden: true });
  return [yes, no, reasons, end];
}

// ---------------------------------------------------------------- reading aloud

function reader(node, found) {
  const note = el("p", { class: "hint", hidden: true }, strings.listenPrivacy);
  const label = el("span", {}, strings.listen);
  let reading = false;
  const over = () => {
    reading = false;
    label.textContent = strings.listen;
    note.hidden = true;
  };
  const read = () => {
    const wasReading = reading;
    hush();
    if (wasReading) return over();
    const shown = node.querySelector(".easy:not([hidden])") ?? node.querySelector(".card, .bubble");
    const lines = shown.innerText.split("\n").filter((line) => line.trim());
    reading = true;
    note.hidden = false;
    label.textContent = strings.stop;
    lines.forEach((line, index) => {
      const said = new SpeechSynthesisUtterance(line); // a line at a time: engines cut long texts
      said.voice = found;
      said.lang = found.lang;
      said.onerror = over;
      if (index === lines.length - 1) said.onend = over;
      speech.speak(said);
    });
    return null;
  };
  return [tool("listen", label, read), note];
}

// ---------------------------------------------------------------- dictation

/** Whether the browser recognises French on the device, now, without fetching anything. */
async function recognisesHere(Recognition) {
  if (!Recognition || !("processLocally" in Recognition.prototype)) return false;
  if (document.featurePolicy?.allowsFeature("microphone") === false) return false;
  try {
    const asked = { langs: [LANGUAGE], processLocally: true };
    return (await Recognition.available(asked)) === "available";
  } catch {
    return false;
  }
}

/** A button that writes what is said into `field`, or null. `say` tells the person what goes on. */
export async function dictation(field, say) {
  const Recognition = window.SpeechRecognition;
  if (!(await recognisesHere(Recognition))) return null;
  const dictate = () => {
    if (listener) return listener.stop();
    listener = new Recognition();
    listener.processLocally = true;
    listener.lang = LANGUAGE;
    listener.onresult = ({ results }) => {
      const heard = [...results].map(([best]) => best.transcript).join(" ").trim();
      field.value = `${field.value} ${heard}`.trim().slice(0, field.maxLength);
      field.dispatchEvent(new Event("input"));
      field.focus();
    };
    listener.onerror = ({ error }) => error !== "aborted" && say(strings.dictateFailed);
    listener.onend = () => {
      listener = null;
      button.lastChild.textContent = strings.dictate;
    };
    button.lastChild.textContent = strings.stop;
    say(strings.dictatePrivacy);
    return listener.start();
  };
  const button = tool("dictate", el("span", {}, strings.dictate), dictate);
  return button;
}
