// The lines of a conversation as the panel shows them, made from what is saved, on its way, or being written.

/** @import {Ack, Attachment, Author, Message, Source, Translation} from "./protocol.js" */
/** @import {Delivery, Parcel} from "./outbox.js" */

/**
 * @typedef {object} Item one line of the conversation as the panel shows it
 * @property {string} key the same from the first keystroke to the saved message
 * @property {Author} author
 * @property {string} name
 * @property {string} body
 * @property {Date} at
 * @property {Delivery | "delivered" | "seen" | ""} delivery of our own messages only
 * @property {string} reason why it failed
 * @property {string} clientId
 * @property {Source[]} sources
 * @property {Attachment[]} attachments
 * @property {string} notice what the server has to say about it
 * @property {Translation | null} translation for the customer, of what others wrote
 * @property {boolean} streaming
 */

/** @typedef {{reply: string, inReplyTo: number, text: string, at: Date}} Live a reply being written */

/** @type {Omit<Item, "key" | "author" | "body" | "at">} */
const BLANK = { name: "", delivery: "", reason: "", clientId: "", sources: [], attachments: [], notice: "", translation: null, streaming: false };

/**
 * In order. A second answer to one message, as a hand-over after a reply, has a line of its own.
 * @param {Message[]} messages
 * @param {number} read up to which an agent has seen them
 */
export function savedItems(messages, read) {
  const keys = new Set();
  const ordered = messages.sort((a, b) => a.seq - b.seq);
  return ordered.map((message) => savedItem(message, read)).map((item, index) => {
    const key = keys.has(item.key) ? `seq:${ordered[index].seq}` : item.key;
    keys.add(key);
    return { ...item, key };
  });
}

/**
 * @param {Message} message
 * @param {number} read up to which an agent has seen them
 * @returns {Item}
 */
function savedItem(message, read) {
  const { author, name, body, client_id, in_reply_to, sources, attachments, notice, translation: other, seq } = message;
  const isOwn = author === "customer";
  const replyKey = author === "bot" && in_reply_to ? `reply:${in_reply_to}` : `seq:${seq}`;
  const key = isOwn && client_id ? `own:${client_id}` : replyKey;
  const delivery = isOwn ? (seq <= read ? "seen" : "delivered") : "";
  const at = new Date(message.created_at);
  const translation = other?.reader === "customer" ? other : null;
  const rest = { sources: sources ?? [], attachments: attachments ?? [], notice: notice ?? "", translation };
  return { ...BLANK, key, author, name, body, at, delivery, ...rest };
}

/**
 * What the customer reads of a message: its words, else the names of its files.
 * @param {Message} message
 */
export function readText({ body, translation, attachments = [] }) {
  const words = (translation?.reader === "customer" && translation.text) || body;
  return words || attachments.map(({ name }) => name).join(", ");
}

/**
 * Whether it is being translated for the customer, or a file of it is being checked.
 * @param {Message} message
 */
export function mayChange({ translation, attachments = [] }) {
  const isTranslated = translation?.reader === "customer" && ["waiting", "late"].includes(translation.state);
  return isTranslated || attachments.some(({ state }) => state === "scanning");
}

/**
 * @param {Parcel} parcel
 * @returns {Item}
 */
export function waitingItem({ client_id, body, attachments = [], created_at, delivery, reason }) {
  const own = { key: `own:${client_id}`, author: /** @type {const} */ ("customer"), at: new Date(created_at) };
  return { ...BLANK, ...own, body, attachments, delivery, reason, clientId: client_id };
}

/**
 * @param {Live} live
 * @returns {Item}
 */
export function liveItem({ inReplyTo, text, at }) {
  return { ...BLANK, key: `reply:${inReplyTo}`, author: "bot", body: text, at, streaming: true };
}

/**
 * A line of our own that the server does not know.
 * @param {string} key
 * @param {string} body
 * @returns {Item}
 */
export function noteItem(key, body) {
  return { ...BLANK, key, author: "system", body, at: new Date() };
}

/**
 * The message as the server has it now, from what we sent and its acknowledgement.
 * @param {Ack} ack
 * @param {string} body
 * @param {Attachment[]} attachments
 * @returns {Message}
 */
export function ackedMessage({ message_id: id, seq, client_id, created_at, body: saved, notice = "" }, body, attachments = []) {
  const blank = { name: "", in_reply_to: null, sources: [], choices: [], verdict: null, translation: null, attachments };
  return { ...blank, id, seq, author: "customer", body: saved ?? body, client_id, notice, created_at };
}
