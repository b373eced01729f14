// Spanish.

/** @type {import("../texts.js").Words} */
export default {
  language: "es",

  chat: "Chat",
  close: "Cerrar el chat",
  conversation: "Conversación",
  newMessage: "Mensaje nuevo",
  newMessages: "Mensajes nuevos",
  heading: (name) => `¿En qué puede ayudarle ${name}?`,
  promise: "Un asistente automático responde al momento. Una persona puede intervenir cuando quiera: basta un toque.",
  greeting: "Hola, le damos la bienvenida. Pregúnteme lo que quiera.",
  you: "Usted",
  assistant: (name) => `Asistente de ${name}`,
  theAssistant: "El asistente",
  writing: (name) => `${name} está escribiendo`,
  sources: "Fuentes",

  connecting: "Conectando…",
  automated: "Asistente automático · una persona a un toque",
  waiting: "Esperando a un compañero",
  aColleague: "Un compañero",
  answersYou: (name) => `${name} le responde`,
  offline: "No tiene conexión. Lo que escriba se guarda y se enviará cuando vuelva.",
  reconnecting: "Conectando de nuevo… Lo que escriba se guarda.",
  ended: "Su chat anterior ha terminado. Este es uno nuevo.",

  placeholder: "Escriba un mensaje",
  yourMessage: "Su mensaje",
  sendMessage: "Enviar mensaje",
  left: (count) => (count === 1 ? "Queda 1 carácter" : `Quedan ${count.toLocaleString("es")} caracteres`),
  over: (count) =>
    `Sobran ${count.toLocaleString("es")} ${count === 1 ? "carácter" : "caracteres"}. Acórtelo o envíelo en dos mensajes.`,
  tooLong: "Su mensaje es demasiado largo.",
  talkToPerson: "Hablar con una persona",
  asking: "Llamando a una persona…",
  asked: "Se ha avisado a una persona",
  aPerson: "Una persona",
  isHere: (name) => `${name} está aquí`,

  delivery: {
    sending: "Enviando…",
    sent: "Enviado",
    delivered: "Entregado",
    held: "Un momento",
    failed: "No enviado.",
  },
  translation: {
    /** @param {string} language */
    from: (language) => `Traducido del idioma: ${language}`,
    showOriginal: "Ver original",
    showTranslation: "Ver traducción",
    original: "Original",
    waiting: "Traduciendo…",
    none: "Sin traducir",
  },
  retry: "Reintentar",
  held: {
    too_fast: "Escribe muy deprisa. Sus mensajes se guardan y saldrán en un momento.",
    failed: "Algo ha fallado por nuestra parte. Su mensaje se guarda y se enviará de nuevo en un momento.",
  },
  refused: "El chat no ha podido aceptarlo.",
  errors: {
    too_long: "Es demasiado largo.",
    bad_email: "Esto no es una dirección de correo. Compruébela, por favor.",
    rating_closed: "Esta conversación ya no se puede valorar.",
    blocked: "Esta tienda ya no acepta mensajes de este chat. Utilice otra forma de contacto.",
    unknown_workspace: "Este chat no está configurado: la página nombra un espacio desconocido.",
    origin_refused: "Este chat no se puede usar en esta página.",
    unsupported_version: "Este chat no está actualizado. Vuelva a cargar la página.",
    identity_required: "Inicie sesión para chatear con nosotros.",
    details_required: "Díganos primero quién es, por favor.",
    too_many_mails: "Ya se ha enviado varias veces. Inténtelo más tarde.",
  },

  choices: "Respuestas sugeridas",
  offered: (choices) => `Respuestas sugeridas: ${choices}.`,
  helped: "¿Responde esto a su pregunta?",
  yes: "Sí",
  needPerson: "No, necesito a una persona",

  byEmail: "Respuesta por correo",
  yourEmail: "Su dirección de correo",
  send: "Enviar",
  wrongEmail: "Escriba una dirección como nombre@example.com.",
  goesTo: (address) => `Las respuestas también van a ${address}.`,
  change: "Cambiar",

  rating: "Valoración",
  howWasIt: "¿Qué tal lo hicimos?",
  scores: ["Muy mal", "Mal", "Regular", "Bien", "Muy bien"],
  comment: "¿Quiere añadir algo? (opcional)",
  sendRating: "Enviar valoración",
  thanks: (score, name) => `Gracias. Ha dado ${score} de 5: ${name.toLowerCase()}.`,

  dismiss: "Descartar",
  fromChat: "Mensaje del chat",

  details: {
    title: "Antes de empezar",
    name: "Su nombre",
    start: "Empezar el chat",
    skip: "Omitir",
    missing: "Rellene este campo, por favor.",
  },

  back: "Volver al chat",
  search: {
    title: "Buscar ayuda",
    field: "Buscar en los artículos de ayuda",
    none: "Ningún artículo contiene estas palabras.",
    failed: "La búsqueda no responde. Inténtelo de nuevo.",
  },

  options: "Opciones",
  alerts: {
    title: "Mensajes nuevos con el chat cerrado",
    sound: "Reproducir un sonido",
    notify: "Mostrar una notificación del navegador",
    blocked: "Su navegador no permite notificaciones de esta página.",
  },
  copy: {
    title: "Esta conversación por correo",
    /** @param {string} address */
    sent: (address) => `Gracias. La conversación va de camino a ${address}.`,
  },
  data: {
    title: "Sus datos",
    lead: "Elimina esta conversación y todo lo que sabemos de usted aquí. No se puede deshacer.",
    erase: "Eliminar mis datos",
    sure: "¿Eliminarlo todo?",
    yes: "Sí, eliminar",
    no: "No, conservar",
  },
};
