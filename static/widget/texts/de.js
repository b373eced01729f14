// German.

/** @type {import("../texts.js").Words} */
export default {
  language: "de",

  chat: "Chat",
  close: "Chat schließen",
  conversation: "Gespräch",
  newMessage: "Neue Nachricht",
  newMessages: "Neue Nachrichten",
  heading: (name) => `Wie kann ${name} helfen?`,
  promise: "Ein automatischer Assistent antwortet sofort. Jederzeit kann ein Mensch übernehmen: ein Tippen genügt.",
  greeting: "Hallo und willkommen. Fragen Sie mich, was Sie möchten.",
  you: "Sie",
  assistant: (name) => `Assistent von ${name}`,
  theAssistant: "Der Assistent",
  writing: (name) => `${name} schreibt`,
  sources: "Quellen",

  connecting: "Verbindung wird hergestellt …",
  automated: "Automatischer Assistent · auf Wunsch übernimmt ein Mensch",
  waiting: "Warten auf einen Kollegen",
  aColleague: "Ein Kollege",
  answersYou: (name) => `${name} antwortet Ihnen`,
  offline: "Sie sind offline. Was Sie schreiben, bleibt erhalten und wird später gesendet.",
  reconnecting: "Verbindung wird wiederhergestellt … Was Sie schreiben, bleibt erhalten.",
  ended: "Ihr früherer Chat ist beendet. Dies ist ein neuer.",

  placeholder: "Nachricht schreiben",
  yourMessage: "Ihre Nachricht",
  sendMessage: "Nachricht senden",
  left: (count) => `Noch ${count.toLocaleString("de")} Zeichen`,
  over: (count) =>
    `Um ${count.toLocaleString("de")} Zeichen zu lang. Bitte kürzen Sie, oder senden Sie zwei Nachrichten.`,
  tooLong: "Ihre Nachricht ist zu lang.",
  talkToPerson: "Mit einem Menschen sprechen",
  asking: "Ein Mensch wird gerufen …",
  asked: "Ein Mensch ist gerufen",
  aPerson: "Ein Mensch",
  isHere: (name) => `${name} ist da`,

  delivery: {
    sending: "Wird gesendet …",
    sent: "Gesendet",
    delivered: "Zugestellt",
    held: "Wartet kurz",
    failed: "Nicht gesendet.",
  },
  translation: {
    /** @param {string} language */
    from: (language) => `Übersetzt aus: ${language}`,
    showOriginal: "Original zeigen",
    showTranslation: "Übersetzung zeigen",
    original: "Original",
    waiting: "Wird übersetzt …",
    none: "Nicht übersetzt",
  },
  retry: "Noch einmal",
  held: {
    too_fast: "Sie schreiben schnell. Ihre Nachrichten bleiben erhalten und gehen gleich hinaus.",
    failed: "Bei uns ist etwas schiefgegangen. Ihre Nachricht bleibt erhalten und wird gleich noch einmal gesendet.",
  },
  refused: "Der Chat konnte das nicht annehmen.",
  errors: {
    too_long: "Das ist zu lang.",
    bad_email: "Das ist keine E-Mail-Adresse. Bitte prüfen Sie sie.",
    rating_closed: "Dieses Gespräch kann nicht mehr bewertet werden.",
    blocked: "Dieser Shop nimmt aus diesem Chat nichts mehr an. Bitte wählen Sie einen anderen Weg.",
    unknown_workspace: "Dieser Chat ist nicht eingerichtet: Die Seite nennt einen unbekannten Arbeitsbereich.",
    origin_refused: "Dieser Chat darf auf dieser Seite nicht verwendet werden.",
    unsupported_version: "Dieser Chat ist veraltet. Bitte laden Sie die Seite neu.",
    identity_required: "Bitte melden Sie sich an, um mit uns zu chatten.",
    details_required: "Bitte sagen Sie uns zuerst, wer Sie sind.",
    too_many_mails: "Das wurde schon mehrmals gesendet. Bitte versuchen Sie es später noch einmal.",
  },

  choices: "Vorgeschlagene Antworten",
  offered: (choices) => `Vorgeschlagene Antworten: ${choices}.`,
  helped: "Hat das Ihre Frage beantwortet?",
  yes: "Ja",
  needPerson: "Nein, ich brauche einen Menschen",

  byEmail: "Antwort per E-Mail",
  yourEmail: "Ihre E-Mail-Adresse",
  send: "Senden",
  wrongEmail: "Bitte schreiben Sie eine Adresse wie name@example.com.",
  goesTo: (address) => `Antworten gehen auch an ${address}.`,
  change: "Ändern",

  rating: "Bewertung",
  howWasIt: "Wie waren wir?",
  scores: ["Sehr schlecht", "Schlecht", "Mittel", "Gut", "Sehr gut"],
  comment: "Möchten Sie etwas hinzufügen? (freiwillig)",
  sendRating: "Bewertung senden",
  thanks: (score, name) => `Danke. Sie haben ${score} von 5 gegeben: ${name.toLowerCase()}.`,

  dismiss: "Ausblenden",
  fromChat: "Nachricht vom Chat",

  details: {
    title: "Bevor wir anfangen",
    name: "Ihr Name",
    start: "Chat beginnen",
    skip: "Überspringen",
    missing: "Bitte füllen Sie dieses Feld aus.",
  },

  back: "Zurück zum Chat",
  search: {
    title: "Hilfe durchsuchen",
    field: "Hilfeartikel durchsuchen",
    none: "Kein Artikel enthält diese Wörter.",
    failed: "Die Suche antwortet nicht. Bitte versuchen Sie es noch einmal.",
  },

  options: "Optionen",
  alerts: {
    title: "Neue Nachrichten, wenn der Chat geschlossen ist",
    sound: "Einen Ton abspielen",
    notify: "Eine Mitteilung des Browsers zeigen",
    blocked: "Ihr Browser erlaubt dieser Seite keine Mitteilungen.",
  },
  copy: {
    title: "Dieses Gespräch per E-Mail",
    /** @param {string} address */
    sent: (address) => `Danke. Das Gespräch ist unterwegs an ${address}.`,
  },
  data: {
    title: "Ihre Daten",
    lead: "Löscht dieses Gespräch und alles, was wir hier von Ihnen wissen. Das lässt sich nicht rückgängig machen.",
    erase: "Meine Daten löschen",
    sure: "Alles löschen?",
    yes: "Ja, löschen",
    no: "Nein, behalten",
  },
};
