// What an appointment adds to its card, loaded with the first one: a form that asks whom to call,
// and a file for one's calendar. Nothing typed here is kept in the page once it is sent.

const STYLE = new URL("booking.css", import.meta.url);
const SITE = new URL("../", import.meta.url);
const MAX_NAME = 80;
const MAX_PHONE = 40;

const strings = {
  form: "Vos coordonnées",
  name: "Votre nom",
  phone: "Votre numéro de téléphone",
  send: "Envoyer mes coordonnées",
  sent: "Mes coordonnées", // as the history says it
  noName: "Écrivez votre nom : la Caf saura qui demander.",
  noPhone: "Écrivez votre numéro de téléphone.",
  file: "Ajouter à mon agenda",
  steps: "À préparer pour l'appel",
};

let count = 0; // of forms: each has its ids

/** The link to a file of this very site, or nothing. */
function fileLink(el, path) {
  const { origin, href } = new URL(path, SITE);
  return origin === SITE.origin && el("a", { class: "page", href, rel: "noopener" }, strings.file);
}

/**
 * Adds to a card what its appointment needs. `send` says the details as a message: it takes the
 * text to show, the details, and what is told of a refusal.
 */
export async function book(node, { card: data, form_note: note }, el, typeset, send) {
  const card = node.querySelector(".card");
  if (!card) return;
  card.querySelector(".steps h4")?.replaceChildren(strings.steps);
  const link = data.file && fileLink(el, data.file);
  if (link) card.insertBefore(link, card.querySelector(".origin"));
  if (!data.form) return;

  /** A field, its label and its error, tied together. */
  const field = (id, label, attributes) => {
    const wrong = el("p", { id: `${id}-wrong`, class: "wrong" });
    const input = el("input", { id, required: true, input: () => mark(""), ...attributes });
    const mark = (text) => {
      wrong.textContent = typeset(text);
      input.setAttribute("aria-invalid", String(Boolean(text)));
      if (text) input.setAttribute("aria-describedby", wrong.id);
      else input.removeAttribute("aria-describedby");
    };
    const refuse = (text) => {
      mark(text);
      input.focus();
    };
    return { input, refuse, row: [el("label", { for: id }, label), wrong, input] };
  };

  const id = `details-${count += 1}`;
  const name = field(`${id}-name`, strings.name, { maxlength: MAX_NAME, autocomplete: "name" });
  const phone = field(`${id}-phone`, strings.phone, {
    type: "tel", maxlength: MAX_PHONE, autocomplete: "tel", inputmode: "tel",
  });
  const submit = (event) => {
    event.preventDefault();
    const details = { nom: name.input.value.trim(), telephone: phone.input.value.trim() };
    if (!details.nom) return name.refuse(strings.noName);
    if (!details.telephone) return phone.refuse(strings.noPhone);
    return send(strings.sent, details, ({ code, message }) =>
      (code === "invalid_name" ? name : phone).refuse(message));
  };
  const form = el("form", {
    class: "details", novalidate: true, submit, "aria-live": "off", "aria-labelledby": `${id}-title`,
    "aria-describedby": note && `${id}-note`,
  },
  el("h4", { id: `${id}-title` }, strings.form),
  note && el("p", { id: `${id}-note`, class: "details-note" }, note),
  name.row, phone.row,
  el("button", { class: "send" }, strings.send));
  const style = el("link", { rel: "stylesheet", href: STYLE.href });
  await new Promise((resolve) => {
    for (const end of ["load", "error"]) style.addEventListener(end, resolve);
    card.append(style);
  });
  card.after(form);
}
