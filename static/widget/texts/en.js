// English, and the list of all texts: the other languages have the same.

export default {
  language: "en",

  chat: "Chat",
  close: "Close chat",
  conversation: "Conversation",
  newMessage: "New message",
  newMessages: "New messages",
  /** @param {string} name */
  heading: (name) => `How can ${name} help?`,
  promise: "An automated assistant answers at once. A person can take over at any time: one tap is enough.",
  greeting: "Hello, and welcome. Ask me anything.",
  you: "You",
  /** @param {string} name */
  assistant: (name) => `${name} assistant`,
  theAssistant: "The assistant",
  /** @param {string} name */
  writing: (name) => `${name} is writing`,
  sources: "Sources",

  connecting: "Connecting…",
  automated: "Automated assistant · a\u00a0person is one tap away",
  waiting: "Waiting for a colleague",
  aColleague: "A colleague",
  /** @param {string} name */
  answersYou: (name) => `${name} answers you`,
  offline: "You are offline. What you write is kept and sent when you are back.",
  reconnecting: "Reconnecting… What you write is kept.",
  ended: "Your earlier chat has ended. This is a new one.",

  placeholder: "Write a message",
  yourMessage: "Your message",
  sendMessage: "Send message",
  /** @param {number} count */
  left: (count) => `${count.toLocaleString("en")} ${count === 1 ? "character" : "characters"} left`,
  /** @param {number} count */
  over: (count) =>
    `Too long by ${count.toLocaleString("en")} ${count === 1 ? "character" : "characters"}. Please shorten it, or send it in two messages.`,
  tooLong: "Your message is too long.",
  talkToPerson: "Talk to a person",
  asking: "Asking for a person…",
  asked: "A person was asked",
  aPerson: "A person",
  /** @param {string} name */
  isHere: (name) => `${name} is here`,

  emoji: "Insert an emoji",
  files: {
    attach: "Attach files",
    camera: "Take a photo",
    drop: "Drop files here",
    /** @param {string} name */
    uploading: (name) => `${name} is being uploaded`,
    /** @param {string} name */
    uploaded: (name) => `${name} is ready to send`,
    /** @param {string} name */
    remove: (name) => `Remove ${name}`,
    /** @param {string} name */
    open: (name) => `Open ${name}`,
    again: "Try again",
    busy: "The message can go once all files are uploaded. Remove what failed.",
    save: "Download",
    closeView: "Close the picture",
    /** @param {number} most */
    tooMany: (most) => `A message may have ${most} files.`,
    /** @param {number} megabytes */
    tooLarge: (megabytes) => `It is too large. A file may have ${megabytes} MB.`,
    states: {
      scanning: "Being checked for viruses…",
      refused: "Refused: it may be harmful.",
      failed: "It could not be checked and was removed.",
    },
    failures: {
      bad_file: "Only pictures (PNG, JPEG, GIF, WebP) and PDFs can be sent, and this is none, or it is damaged or locked.",
      too_fast: "Many files in a short time. Please wait a few minutes.",
      too_many_files: "Too many files wait to be sent.",
      offline: "The server cannot be reached.",
      failed: "Something went wrong. Please try again.",
    },
  },

  delivery: {
    sending: "Sending…",
    sent: "Sent",
    delivered: "Delivered",
    seen: "Seen",
    held: "Waiting a moment",
    failed: "Not sent.",
  },
  translation: {
    /** @param {string} language */
    from: (language) => `Translated from ${language}`,
    showOriginal: "Show original",
    showTranslation: "Show translation",
    original: "Original",
    waiting: "Translating…",
    none: "Not translated",
  },
  retry: "Retry",
  held: {
    too_fast: "You are writing fast. Your messages are kept and go out in a moment.",
    failed: "Something went wrong on our side. Your message is kept and sent again in a moment.",
  },
  refused: "The chat could not accept this.",
  errors: {
    too_long: "It is too long.",
    bad_email: "This is not an e-mail address. Please check it.",
    rating_closed: "This conversation can no longer be rated.",
    blocked: "This shop takes no more messages from this chat. Please use another way to reach it.",
    unknown_workspace: "This chat is not set up: the page names an unknown workspace.",
    origin_refused: "This chat may not be used on this page.",
    unsupported_version: "This chat is out of date. Please reload the page.",
    identity_required: "Please sign in to chat with us.",
    details_required: "Please tell us who you are first.",
    too_many_mails: "This was sent several times already. Please try again later.",
    no_file: "A file is no longer there. Retry sends the words without it.",
  },

  choices: "Suggested answers",
  /** @param {string} choices */
  offered: (choices) => `Suggested answers: ${choices}.`,
  helped: "Did this answer your question?",
  yes: "Yes",
  needPerson: "No, I need a person",

  byEmail: "Answer by e-mail",
  yourEmail: "Your e-mail address",
  send: "Send",
  wrongEmail: "Please write an address such as name@example.com.",
  /** @param {string} address */
  goesTo: (address) => `Answers also go to ${address}.`,
  change: "Change",

  rating: "Rating",
  howWasIt: "How did we do?",
  scores: ["Very bad", "Bad", "Fair", "Good", "Very good"],
  comment: "Would you like to add something? (optional)",
  sendRating: "Send rating",
  /**
   * @param {number} score
   * @param {string} name
   */
  thanks: (score, name) => `Thank you. You gave ${score} of 5: ${name.toLowerCase()}.`,

  dismiss: "Dismiss",
  fromChat: "Message from the chat",

  details: {
    title: "Before we start",
    name: "Your name",
    start: "Start the chat",
    skip: "Skip",
    missing: "Please fill this in.",
  },

  back: "Back to the chat",
  search: {
    title: "Search help",
    field: "Search the help articles",
    none: "No article has these words.",
    failed: "The search does not answer. Please try again.",
  },

  options: "Options",
  alerts: {
    title: "New messages while the chat is closed",
    sound: "Play a sound",
    notify: "Show a notification of the browser",
    blocked: "Your browser does not allow notifications of this page.",
  },
  copy: {
    title: "This conversation by e-mail",
    /** @param {string} address */
    sent: (address) => `Thank you. The conversation is on its way to ${address}.`,
  },
  data: {
    title: "Your data",
    lead: "Deletes this conversation and all that we know of you here. It cannot be undone.",
    erase: "Delete my data",
    sure: "Delete everything?",
    yes: "Yes, delete",
    no: "No, keep it",
  },
};
