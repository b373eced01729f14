// The lines of a conversation as the panel shows them, made from what is saved, on its way, or being written.

/** @import {Ack, Author, Message, Source, Translation} from "./protocol.js" */
/** @import {Delivery, Parcel} from "./outbox.js" */

/**
 * @typedef {object} Item one line of the conversation as the panel shows it
 * @property {string} key the same from the first keystroke to the saved message
 * @property {Author} author
 * @property {string} name
 * @property {string} body
 * @property {Date} at
 * @property {Delivery | "delivered" | ""} delivery of our own messages only
 * @property {string} reason why it failed
 * @property {string} clientId
 * @property {Source[]} sources
 * @property {string} notice what the server has to say about it
 * @property {Translation | null} translation for the customer, of what others wrote
 * @property {boolean} streaming
 */

/** @typedef {{reply: string, inReplyTo: number, text: string, at: Date}} Live a reply being written */

/** @type {Omit<Item, "key" | "author" | "body" | "at">} */
const BLANK = { name: "", delivery: "", reason: "", clientId: "", sources: [], notice: "", translation: null, streaming: false };

/**
 * In order. A second answer to one message, as a hand-over after a reply, has a line of its own.
 * @param {Message[]} messages
 */
export function savedItems(messages) {
  const keys = new Set();
  const ordered = messages.sort((a, b) => a.seq - b.seq);
  return ordered.map(savedItem).map((item, index) => {
    const key = keys.has(item.key) ? `seq:${ordered[index].seq}` : item.key;
    keys.add(key);
    return { ...item, key };
  });
}

/**
 * @param {Message} message
 * @returns {Item}
 */
function savedItem(message) {
  const { author, name, body, client_id, in_reply_to, sources, notice, translation: other, seq } = message;
  const isOwn = author === "customer";
  const replyKey = author === "bot" && in_reply_to ? `reply:${in_reply_to}` : `seq:${seq}`;
  const key = isOwn && client_id ? `own:${client_id}` : replyKey;
  const delivery = isOwn ? "delivered" : "";
  const at = new Date(message.created_at);
  const translation = other?.reader === "customer" ? other : null;
  return { ...BLANK, key, author, name, body, at, delivery, sources: sources ?? [], notice: notice ?? "", translation };
}

/**
 * What the customer reads of a message.
 * @param {Message} message
 */
export function readText({ body, translation }) {
  return (translation?.reader === "customer" && translation.text) || body;
}

/**
 * @param {Parcel} parcel
 * @returns {Item}
 */
export function waitingItem({ client_id, body, created_at, delivery, reason }) {
  const own = { key: `own:${client_id}`, author: /** @type {const} */ ("customer"), at: new Date(created_at) };
  return { ...BLANK, ...own, body, delivery, reason, clientId: client_id };
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
 * @returns {Message}
 */
export function ackedMessage({ message_id: id, seq, client_id, created_at, body: saved, notice = "" }, body) {
  const blank = { name: "", in_reply_to: null, sources: [], choices: [], verdict: null, translation: null };
  return { ...blank, id, seq, author: "customer", body: saved ?? body, client_id, notice, created_at };
}
