// The lines of a conversation as the inbox shows them, made from what is saved, on its way, or being written.

/** @import {Held, Message, Remark, Source, Voice} from "./protocol.js" */
/** @import {Attachment, Receipts, Translation} from "../widget/protocol.js" */
/** @import {Live} from "../widget/items.js" */
/** @import {Delivery, Parcel} from "../widget/outbox.js" */

/**
 * @typedef {object} Item one line of the conversation
 * @property {string} key the same from the first keystroke to the saved message
 * @property {Voice} author
 * @property {string} name
 * @property {string} body
 * @property {Date} at
 * @property {Delivery | "undoable" | "delivered" | "received" | "read" | "undelivered" | ""} delivery of agents' messages, and of what did not reach the customer
 * @property {string} reason why it failed
 * @property {string} clientId
 * @property {Source[]} sources
 * @property {Attachment[]} attachments
 * @property {string} asked what the assistant's message asks the customer beside its words, or what became of it
 * @property {boolean} streaming
 * @property {string | null} category of the customer's messages
 * @property {number | null} confidence of the customer's messages, from 0 to 1
 * @property {Translation | null} translation
 * @property {number} explained number of the bot's reply that can be explained and corrected, or 0
 */

const VERDICTS = { asked: "Asked whether this helped", helped: "The customer says that this helped", did_not_help: "The customer says that this did not help" };

/** @type {Omit<Item, "key" | "author" | "body" | "at">} */
const BLANK = {
  ...{ name: "", delivery: "", reason: "", clientId: "", sources: [], attachments: [], asked: "", streaming: false },
  ...{ category: null, confidence: null, translation: null, explained: 0 },
};

/**
 * @param {Message} message
 * @param {Pick<Message, "category" | "confidence">} label what it was about: the reply says it before the message does
 * @param {Receipts} receipts
 * @returns {Item}
 */
export function savedItem(message, { category, confidence }, receipts) {
  const { author, name, body, client_id, in_reply_to, sources, attachments, seq, translation, failure, created_at } = message;
  const own = client_id && author === "agent" ? `own:${client_id}` : "";
  const reply = author === "bot" && in_reply_to ? `reply:${in_reply_to}` : "";
  const about = author === "customer" ? { category, confidence } : {};
  const delivery = failure ? /** @type {const} */ ("undelivered") : author === "agent" ? delivered(seq, receipts) : "";
  const key = own || reply || `seq:${seq}`;
  const explained = reply ? seq : 0;
  return { ...BLANK, key, author, name, body, at: new Date(created_at), delivery, reason: failure, sources, attachments, asked: asked(message), translation, explained, ...about };
}

/**
 * How far an agent's message has come.
 * @param {number} seq
 * @param {Receipts} receipts
 */
function delivered(seq, { received, seen }) {
  if (seq <= seen) return "read";
  return seq <= received ? "received" : "delivered";
}

/** @param {Message} message */
function asked({ choices, verdict }) {
  if (choices.length) return `Offered: ${choices.join(" · ")}`;
  return verdict ? VERDICTS[verdict] : "";
}

/**
 * @param {Remark} remark
 * @returns {Item}
 */
export function remarkItem({ number, kind, name, body, client_id, created_at }) {
  const key = client_id ? `own:${client_id}` : `remark:${number}`;
  return { ...BLANK, key, author: kind, name, body, at: new Date(created_at) };
}

/**
 * @param {Parcel} parcel
 * @param {string} name the agent's own
 * @returns {Item}
 */
export function waitingItem({ type, client_id, body, attachments = [], created_at, delivery, reason }, name) {
  const author = type === "note.post" ? /** @type {const} */ ("note") : /** @type {const} */ ("agent");
  const own = { key: `own:${client_id}`, author, at: new Date(created_at) };
  return { ...BLANK, ...own, name, body, attachments, delivery, reason, clientId: client_id };
}

/**
 * What the server sends in a moment.
 * @param {Held["messages"][number]} message
 * @param {string} name the agent's own
 * @returns {Item}
 */
export function heldItem({ client_id, body, attachments, due_at }, name) {
  const own = { key: `own:${client_id}`, author: /** @type {const} */ ("agent"), at: new Date(due_at) };
  return { ...BLANK, ...own, name, body, attachments, delivery: "undoable", clientId: client_id };
}

/**
 * @param {Live} live
 * @returns {Item}
 */
export function liveItem({ inReplyTo, text, at }) {
  return { ...BLANK, key: `reply:${inReplyTo}`, author: "bot", body: text, at, streaming: true };
}
