// French.

/** @type {import("../texts.js").Words} */
export default {
  language: "fr",

  chat: "Chat",
  close: "Fermer le chat",
  conversation: "Conversation",
  newMessage: "Nouveau message",
  newMessages: "Nouveaux messages",
  heading: (name) => `Comment ${name} peut-il vous aider ?`,
  promise: "Un assistant automatique répond aussitôt. Une personne peut prendre le relais à tout moment, d'un simple geste.",
  greeting: "Bonjour et bienvenue. Posez-moi votre question.",
  you: "Vous",
  assistant: (name) => `Assistant ${name}`,
  theAssistant: "L'assistant",
  writing: (name) => `${name} écrit`,
  sources: "Sources",

  connecting: "Connexion…",
  automated: "Assistant automatique · une personne est à portée de main",
  waiting: "En attente d'un collègue",
  aColleague: "Un collègue",
  answersYou: (name) => `${name} vous répond`,
  offline: "Vous êtes hors ligne. Ce que vous écrivez est conservé et sera envoyé à votre retour.",
  reconnecting: "Reconnexion… Ce que vous écrivez est conservé.",
  ended: "Votre chat précédent est terminé. En voici un nouveau.",

  placeholder: "Écrire un message",
  yourMessage: "Votre message",
  sendMessage: "Envoyer le message",
  left: (count) => `${count.toLocaleString("fr")} ${count < 2 ? "caractère restant" : "caractères restants"}`,
  over: (count) =>
    `Trop long de ${count.toLocaleString("fr")} ${count < 2 ? "caractère" : "caractères"}. Raccourcissez-le ou envoyez-le en deux messages.`,
  tooLong: "Votre message est trop long.",
  talkToPerson: "Parler à une personne",
  asking: "Appel d'une personne…",
  asked: "Une personne est appelée",
  aPerson: "Une personne",
  isHere: (name) => `${name} est là`,

  delivery: {
    sending: "Envoi…",
    sent: "Envoyé",
    delivered: "Distribué",
    held: "Un instant",
    failed: "Non envoyé.",
  },
  translation: {
    /** @param {string} language */
    from: (language) => `Traduit de la langue : ${language}`,
    showOriginal: "Voir l’original",
    showTranslation: "Voir la traduction",
    original: "Original",
    waiting: "Traduction en cours…",
    none: "Non traduit",
  },
  retry: "Réessayer",
  held: {
    too_fast: "Vous écrivez vite. Vos messages sont conservés et partiront dans un instant.",
    failed: "Un problème est survenu de notre côté. Votre message est conservé et sera renvoyé dans un instant.",
  },
  refused: "Le chat n'a pas pu accepter cela.",
  errors: {
    too_long: "C'est trop long.",
    bad_email: "Ce n'est pas une adresse e-mail. Veuillez la vérifier.",
    rating_closed: "Cette conversation ne peut plus être notée.",
    blocked: "Cette boutique n'accepte plus de messages de ce chat. Contactez-la par un autre moyen.",
    unknown_workspace: "Ce chat n'est pas configuré : la page nomme un espace inconnu.",
    origin_refused: "Ce chat ne peut pas être utilisé sur cette page.",
    unsupported_version: "Ce chat n'est plus à jour. Veuillez recharger la page.",
    identity_required: "Veuillez vous connecter pour discuter avec nous.",
    details_required: "Dites-nous d'abord qui vous êtes, s'il vous plaît.",
    too_many_mails: "Cela a déjà été envoyé plusieurs fois. Veuillez réessayer plus tard.",
  },

  choices: "Réponses proposées",
  offered: (choices) => `Réponses proposées : ${choices}.`,
  helped: "Cela répond-il à votre question ?",
  yes: "Oui",
  needPerson: "Non, je veux une personne",

  byEmail: "Réponse par e-mail",
  yourEmail: "Votre adresse e-mail",
  send: "Envoyer",
  wrongEmail: "Écrivez une adresse telle que nom@example.com.",
  goesTo: (address) => `Les réponses vont aussi à ${address}.`,
  change: "Modifier",

  rating: "Évaluation",
  howWasIt: "Comment était-ce ?",
  scores: ["Très mal", "Mal", "Moyen", "Bien", "Très bien"],
  comment: "Voulez-vous ajouter quelque chose ? (facultatif)",
  sendRating: "Envoyer la note",
  thanks: (score, name) => `Merci. Vous avez donné ${score} sur 5 : ${name.toLowerCase()}.`,

  dismiss: "Ignorer",
  fromChat: "Message du chat",

  details: {
    title: "Avant de commencer",
    name: "Votre nom",
    start: "Commencer le chat",
    skip: "Passer",
    missing: "Veuillez remplir ce champ.",
  },

  back: "Retour au chat",
  search: {
    title: "Chercher dans l'aide",
    field: "Chercher dans les articles d'aide",
    none: "Aucun article ne contient ces mots.",
    failed: "La recherche ne répond pas. Veuillez réessayer.",
  },

  options: "Options",
  alerts: {
    title: "Nouveaux messages quand le chat est fermé",
    sound: "Émettre un son",
    notify: "Afficher une notification du navigateur",
    blocked: "Votre navigateur n'autorise pas les notifications de cette page.",
  },
  copy: {
    title: "Cette conversation par e-mail",
    /** @param {string} address */
    sent: (address) => `Merci. La conversation est en route vers ${address}.`,
  },
  data: {
    title: "Vos données",
    lead: "Supprime cette conversation et tout ce que nous savons de vous ici. C'est irréversible.",
    erase: "Supprimer mes données",
    sure: "Tout supprimer ?",
    yes: "Oui, supprimer",
    no: "Non, conserver",
  },
};
