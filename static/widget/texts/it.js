// Italian.

/** @type {import("../texts.js").Words} */
export default {
  language: "it",

  chat: "Chat",
  close: "Chiudi la chat",
  conversation: "Conversazione",
  newMessage: "Nuovo messaggio",
  newMessages: "Nuovi messaggi",
  heading: (name) => `Come può aiutarla ${name}?`,
  promise: "Un assistente automatico risponde subito. Una persona può subentrare in ogni momento: basta un tocco.",
  greeting: "Salve, le diamo il benvenuto. Mi chieda ciò che desidera.",
  you: "Lei",
  assistant: (name) => `Assistente di ${name}`,
  theAssistant: "L'assistente",
  writing: (name) => `${name} sta scrivendo`,
  sources: "Fonti",

  connecting: "Connessione…",
  automated: "Assistente automatico · una persona a portata di tocco",
  waiting: "In attesa di un collega",
  aColleague: "Un collega",
  answersYou: (name) => `${name} le risponde`,
  offline: "È offline. Ciò che scrive viene conservato e inviato quando torna in linea.",
  reconnecting: "Riconnessione… Ciò che scrive viene conservato.",
  ended: "La chat precedente è terminata. Questa è nuova.",

  placeholder: "Scriva un messaggio",
  yourMessage: "Il suo messaggio",
  sendMessage: "Invia il messaggio",
  left: (count) => (count === 1 ? "Resta 1 carattere" : `Restano ${count.toLocaleString("it")} caratteri`),
  over: (count) =>
    `Troppo lungo di ${count.toLocaleString("it")} ${count === 1 ? "carattere" : "caratteri"}. Lo accorci o lo invii in due messaggi.`,
  tooLong: "Il suo messaggio è troppo lungo.",
  talkToPerson: "Parlare con una persona",
  asking: "Chiamata di una persona…",
  asked: "Una persona è stata chiamata",
  aPerson: "Una persona",
  isHere: (name) => `${name} è qui`,

  delivery: {
    sending: "Invio…",
    sent: "Inviato",
    delivered: "Consegnato",
    held: "Un momento",
    failed: "Non inviato.",
  },
  translation: {
    /** @param {string} language */
    from: (language) => `Tradotto dalla lingua: ${language}`,
    showOriginal: "Mostra originale",
    showTranslation: "Mostra traduzione",
    original: "Originale",
    waiting: "Traduzione in corso…",
    none: "Non tradotto",
  },
  retry: "Riprova",
  held: {
    too_fast: "Sta scrivendo in fretta. I suoi messaggi sono conservati e partiranno tra un momento.",
    failed: "Qualcosa è andato storto da parte nostra. Il messaggio è conservato e verrà inviato di nuovo tra un momento.",
  },
  refused: "La chat non ha potuto accettarlo.",
  errors: {
    too_long: "È troppo lungo.",
    bad_email: "Questo non è un indirizzo e-mail. Lo controlli, per favore.",
    rating_closed: "Questa conversazione non può più essere valutata.",
    blocked: "Questo negozio non accetta più messaggi da questa chat. Lo contatti in un altro modo.",
    unknown_workspace: "Questa chat non è configurata: la pagina indica uno spazio sconosciuto.",
    origin_refused: "Questa chat non può essere usata in questa pagina.",
    unsupported_version: "Questa chat non è aggiornata. Ricarichi la pagina.",
    identity_required: "Acceda per chattare con noi.",
    details_required: "Ci dica prima chi è, per favore.",
    too_many_mails: "È già stato inviato più volte. Riprovi più tardi.",
  },

  choices: "Risposte suggerite",
  offered: (choices) => `Risposte suggerite: ${choices}.`,
  helped: "Questo risponde alla sua domanda?",
  yes: "Sì",
  needPerson: "No, voglio una persona",

  byEmail: "Risposta via e-mail",
  yourEmail: "Il suo indirizzo e-mail",
  send: "Invia",
  wrongEmail: "Scriva un indirizzo come nome@example.com.",
  goesTo: (address) => `Le risposte vanno anche a ${address}.`,
  change: "Cambia",

  rating: "Valutazione",
  howWasIt: "Come siamo andati?",
  scores: ["Pessimo", "Male", "Discreto", "Bene", "Molto bene"],
  comment: "Vuole aggiungere qualcosa? (facoltativo)",
  sendRating: "Invia la valutazione",
  thanks: (score, name) => `Grazie. Ha dato ${score} su 5: ${name.toLowerCase()}.`,

  dismiss: "Ignora",
  fromChat: "Messaggio dalla chat",

  details: {
    title: "Prima di iniziare",
    name: "Il suo nome",
    start: "Inizia la chat",
    skip: "Salta",
    missing: "Compili questo campo, per favore.",
  },

  back: "Torna alla chat",
  search: {
    title: "Cerca aiuto",
    field: "Cerca negli articoli di aiuto",
    none: "Nessun articolo contiene queste parole.",
    failed: "La ricerca non risponde. Riprovi, per favore.",
  },

  options: "Opzioni",
  alerts: {
    title: "Nuovi messaggi quando la chat è chiusa",
    sound: "Riproduci un suono",
    notify: "Mostra una notifica del browser",
    blocked: "Il suo browser non consente le notifiche di questa pagina.",
  },
  copy: {
    title: "Questa conversazione via e-mail",
    /** @param {string} address */
    sent: (address) => `Grazie. La conversazione è in arrivo a ${address}.`,
  },
  data: {
    title: "I suoi dati",
    lead: "Elimina questa conversazione e tutto ciò che qui sappiamo di lei. Non si può annullare.",
    erase: "Elimina i miei dati",
    sure: "Eliminare tutto?",
    yes: "Sì, elimina",
    no: "No, conserva",
  },
};
