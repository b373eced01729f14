// Portuguese.

/** @type {import("../texts.js").Words} */
export default {
  language: "pt",

  chat: "Chat",
  close: "Fechar o chat",
  conversation: "Conversa",
  newMessage: "Nova mensagem",
  newMessages: "Novas mensagens",
  heading: (name) => `Como pode ${name} ajudar?`,
  promise: "Um assistente automático responde de imediato. Uma pessoa pode intervir a qualquer momento: basta um toque.",
  greeting: "Olá, damos-lhe as boas-vindas. Pergunte-me o que quiser.",
  you: "Você",
  assistant: (name) => `Assistente ${name}`,
  theAssistant: "O assistente",
  writing: (name) => `${name} está a escrever`,
  sources: "Fontes",

  connecting: "A ligar…",
  automated: "Assistente automático · uma pessoa à distância de um toque",
  waiting: "À espera de um colega",
  aColleague: "Um colega",
  answersYou: (name) => `${name} responde-lhe`,
  offline: "Está sem ligação. O que escrever fica guardado e é enviado quando voltar.",
  reconnecting: "A restabelecer a ligação… O que escrever fica guardado.",
  ended: "O seu chat anterior terminou. Este é um novo.",

  placeholder: "Escreva uma mensagem",
  yourMessage: "A sua mensagem",
  sendMessage: "Enviar mensagem",
  left: (count) => (count === 1 ? "Resta 1 carácter" : `Restam ${count.toLocaleString("pt")} caracteres`),
  over: (count) =>
    `Tem ${count.toLocaleString("pt")} ${count === 1 ? "carácter" : "caracteres"} a mais. Encurte-a ou envie-a em duas mensagens.`,
  tooLong: "A sua mensagem é demasiado longa.",
  talkToPerson: "Falar com uma pessoa",
  asking: "A chamar uma pessoa…",
  asked: "Foi chamada uma pessoa",
  aPerson: "Uma pessoa",
  isHere: (name) => `${name} está aqui`,

  delivery: {
    sending: "A enviar…",
    sent: "Enviada",
    delivered: "Entregue",
    held: "Um momento",
    failed: "Não enviada.",
  },
  translation: {
    /** @param {string} language */
    from: (language) => `Traduzido do idioma: ${language}`,
    showOriginal: "Ver original",
    showTranslation: "Ver tradução",
    original: "Original",
    waiting: "A traduzir…",
    none: "Não traduzido",
  },
  retry: "Tentar de novo",
  held: {
    too_fast: "Está a escrever depressa. As suas mensagens ficam guardadas e seguem dentro de momentos.",
    failed: "Algo correu mal do nosso lado. A sua mensagem fica guardada e é reenviada dentro de momentos.",
  },
  refused: "O chat não conseguiu aceitar isto.",
  errors: {
    too_long: "É demasiado longo.",
    bad_email: "Isto não é um endereço de e-mail. Verifique-o, por favor.",
    rating_closed: "Esta conversa já não pode ser avaliada.",
    blocked: "Esta loja já não aceita mensagens deste chat. Contacte-a por outro meio.",
    unknown_workspace: "Este chat não está configurado: a página indica um espaço desconhecido.",
    origin_refused: "Este chat não pode ser usado nesta página.",
    unsupported_version: "Este chat está desatualizado. Recarregue a página.",
    identity_required: "Inicie sessão para falar connosco.",
    details_required: "Diga-nos primeiro quem é, por favor.",
    too_many_mails: "Isto já foi enviado várias vezes. Tente de novo mais tarde.",
  },

  choices: "Respostas sugeridas",
  offered: (choices) => `Respostas sugeridas: ${choices}.`,
  helped: "Isto respondeu à sua pergunta?",
  yes: "Sim",
  needPerson: "Não, preciso de uma pessoa",

  byEmail: "Resposta por e-mail",
  yourEmail: "O seu endereço de e-mail",
  send: "Enviar",
  wrongEmail: "Escreva um endereço como nome@example.com.",
  goesTo: (address) => `As respostas também seguem para ${address}.`,
  change: "Alterar",

  rating: "Avaliação",
  howWasIt: "Como nos saímos?",
  scores: ["Muito mau", "Mau", "Razoável", "Bom", "Muito bom"],
  comment: "Quer acrescentar algo? (opcional)",
  sendRating: "Enviar avaliação",
  thanks: (score, name) => `Obrigado. Deu ${score} de 5: ${name.toLowerCase()}.`,

  dismiss: "Dispensar",
  fromChat: "Mensagem do chat",

  details: {
    title: "Antes de começar",
    name: "O seu nome",
    start: "Iniciar o chat",
    skip: "Saltar",
    missing: "Preencha este campo, por favor.",
  },

  back: "Voltar ao chat",
  search: {
    title: "Procurar ajuda",
    field: "Procurar nos artigos de ajuda",
    none: "Nenhum artigo contém estas palavras.",
    failed: "A pesquisa não responde. Tente de novo.",
  },

  options: "Opções",
  alerts: {
    title: "Novas mensagens com o chat fechado",
    sound: "Tocar um som",
    notify: "Mostrar uma notificação do navegador",
    blocked: "O seu navegador não permite notificações desta página.",
  },
  copy: {
    title: "Esta conversa por e-mail",
    /** @param {string} address */
    sent: (address) => `Obrigado. A conversa vai a caminho de ${address}.`,
  },
  data: {
    title: "Os seus dados",
    lead: "Elimina esta conversa e tudo o que aqui sabemos de si. Não pode ser anulado.",
    erase: "Eliminar os meus dados",
    sure: "Eliminar tudo?",
    yes: "Sim, eliminar",
    no: "Não, manter",
  },
};
