// Every French sentence of the widget. The widget puts the no-break spaces itself (before : ; ? ! »).
// No template within a template: what serves these files would take its spaces away.

export const strings = {
  launcher: "Poser une question",
  title: "Allobot",
  subtitle: "Assistant indépendant – ce n'est pas le site officiel de la Caf",
  notice: [
    "Ne donnez pas d'information personnelle (nom, numéro de Sécurité sociale, mot de passe).",
    "Allobot peut se tromper : vérifiez sur caf.fr ou au 3230.",
  ],

  privacy: "Ce que deviennent vos messages",

  // Header
  close: "Fermer",
  erase: "Effacer",
  exit: "Quitter vite",
  exitHere: "Quitter ce site",
  exitHelp:
    "Efface la conversation et ouvre un autre site. Au clavier : trois fois la touche Majuscule.",
  exitTitle: "Chargement…",
  eraseQuestion: "Effacer toute la conversation ?",
  eraseYes: "Oui, effacer",
  eraseNo: "Non, la garder",
  erased: "La conversation est effacée.",
  eraseFailed: "La conversation n'a pas pu être effacée. Réessayez dans un instant.",

  // Conversation
  log: "Conversation avec Allobot",
  bot: "Allobot",
  person: "Vous",
  says: (author) => `${author} : `,
  typing: "Allobot écrit…",
  replies: "Réponses proposées",
  resumed: "Votre conversation est affichée.",

  // Field
  field: "Votre question",
  placeholder: "Écrivez ici",
  send: "Envoyer",
  wait: "Un instant : Allobot prépare sa réponse, envoyez ensuite.",
  remaining: (count) =>
    count > 1 ? `Il reste ${count} caractères.` : `Il reste ${count} caractère.`,
  full: "Limite de 500 caractères atteinte : la suite n'est pas gardée.",

  // Failures
  failed:
    "La réponse n'est pas arrivée. Ce n'est pas de votre faute. Vous pouvez réessayer, ou parler à une personne de la Caf au 3230.",
  elsewhere: "Allobot ne répond pas depuis ce site. ",
  offline: "Votre appareil semble hors connexion. Vous pouvez aussi appeler la Caf au 3230.",
  sentLater: "Votre message partira tout seul au retour du réseau.",
  refused: "Cette demande n'a pas pu être traitée. Vous pouvez la formuler autrement.",
  retry: "Réessayer",
  callPerson: "Appeler le 3230",
  personHref: "tel:3230",

  // Under an answer
  tools: "Cette réponse",
  useful: "Utile",
  useless: "Pas utile",
  why: "Qu'est-ce qui ne va pas ?",
  reasons: {
    faux: "Faux",
    pas_clair: "Pas clair",
    trop_long: "Trop long",
    ne_repond_pas: "Ne répond pas",
  },
  rate: "Envoyer mon avis",
  rated: "Merci pour votre avis.",
  rateFailed: "Votre avis n'est pas parti. Vous pouvez réessayer.",
  listen: "Écouter",
  stop: "Arrêter",
  listenPrivacy:
    "Votre appareil lit lui-même la réponse : rien n'est envoyé. Quelqu'un peut l'entendre.",
  dictate: "Dicter",
  dictatePrivacy:
    "Votre appareil écoute et écrit lui-même : votre voix n'est pas envoyée. Relisez avant d'envoyer.",
  dictateFailed: "La dictée n'a pas marché. Écrivez votre question.",

  // Cards
  easyRead: "Version facile à lire",
  steps: "Ce que vous pouvez faire",
  plan: "Dans l'ordre", // the steps of a card of that kind
  page: "Imprimer ou partager ce récapitulatif",
  contacts: "Qui contacter",
  places: "Lieux",
  events: "Dates",
  links: "Liens utiles",
  newWindow: " (nouvelle fenêtre)",
  source: "Source : ",
  sources: "Sources",
  sourceOf: (document, section, date) =>
    document + (section ? ` (${section})` : "") + (date ? `, du ${date}` : "") + ".",
  checked: (date) => `Vérifié le ${date}.`,
  territory: (code) => `Réponse valable pour la Caf du département ${code}.`,
  dangerExit:
    "Ce bouton (ou trois fois la touche Majuscule) efface cette conversation et ouvre un autre site. L'historique du navigateur, lui, reste : effacez-le si quelqu'un regarde votre appareil.",

  // Decision card
  estimation: "Estimation",
  verdicts: { oui: "Probablement oui", non: "Probablement non", a_preciser: "À préciser" },
  estimatedOn: (date) => `Selon les règles en vigueur au ${date}.`,
  conditions: "Les conditions",
  statuses: {
    satisfied: "Remplie",
    not_satisfied: "Non remplie",
    unknown: "À vérifier",
  },
  missing: "Il reste à savoir",
  notes: "Bon à savoir",
};
