// What the browser remembers for one workspace: the visitor's token, the draft, what was read, what is not yet sent.
// Nothing of the conversation itself: that comes from the server. Where storage is blocked, all lasts as the page does.

/** @import {Attachment} from "./protocol.js" */

/**
 * @typedef {object} Entry a message or request that the server has not acknowledged
 * @property {string} client_id
 * @property {"message.post" | "agent.request" | "answer.judge" | "contact.email" | "rating.post" | "note.post" | "transcript.send" | "data.erase"} type
 * @property {string} body of a message
 * @property {Record<string, unknown>} [fields] what else the frame says
 * @property {Attachment[]} [attachments] of a message
 * @property {string} created_at
 */

/**
 * @typedef {object} Visitor
 * @property {string} token 32 random bytes in base64url; the only key to the conversation
 * @property {number} read the last sequence number seen with the panel open
 * @property {string} draft
 * @property {Attachment[]} files that are uploaded and not sent
 * @property {string} colour the workspace's colour, so that the next page paints it at once
 * @property {boolean} signedIn whether the shop vouches for who this is
 * @property {string} name as the customer gave it before the chat
 * @property {string} email as the customer gave it before the chat
 * @property {boolean} sounds
 * @property {boolean} notifies
 */

/** @type {Map<string, string>} */
const memory = new Map();

export class Store {
  #key;

  /** @param {string} workspace the public key */
  constructor(workspace) {
    this.#key = `supportbot:${workspace}`;
  }

  /** @returns {Visitor} */
  get visitor() {
    const blank = { token: "", read: 0, draft: "", colour: "", signedIn: false, name: "", email: "" };
    const rest = { files: [], sounds: false, notifies: false };
    return { ...blank, ...rest, ...read(this.#key, {}) };
  }

  /** @param {Partial<Visitor>} change */
  remember(change) {
    write(this.#key, { ...this.visitor, ...change });
  }

  /** The visitor's token; made when it is first needed. */
  get token() {
    return this.visitor.token || this.renewToken();
  }

  /** Another customer: nothing of the one before stays but what a new token brings. */
  startOver() {
    write(`${this.#key}:outbox`, []);
    write(this.#key, {});
    this.renewToken();
  }

  /** Also what blocked storage has left in memory; the loader empties the storage itself. */
  forget() {
    memory.clear();
  }

  renewToken() {
    const bytes = crypto.getRandomValues(new Uint8Array(32));
    const token = btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
    this.remember({ token, read: 0, files: [], signedIn: false });
    return token;
  }

  /** @returns {Entry[]} */
  get outbox() {
    return read(`${this.#key}:outbox`, []);
  }

  /** @param {Entry} entry */
  put(entry) {
    write(`${this.#key}:outbox`, [...this.outbox, entry]);
  }

  /** @param {Entry} entry in place of that with its client id */
  replace(entry) {
    write(`${this.#key}:outbox`, this.outbox.map((old) => (old.client_id === entry.client_id ? entry : old)));
  }

  /** @param {string} clientId */
  drop(clientId) {
    write(`${this.#key}:outbox`, this.outbox.filter((entry) => entry.client_id !== clientId));
  }
}

/**
 * @template T
 * @param {string} key
 * @param {T} fallback where nothing legible is stored
 * @returns {T}
 */
export function read(key, fallback) {
  try {
    return JSON.parse(memory.get(key) ?? localStorage.getItem(key) ?? "") ?? fallback;
  } catch {
    return fallback;
  }
}

/**
 * @param {string} key
 * @param {unknown} value
 */
export function write(key, value) {
  const text = JSON.stringify(value);
  try {
    localStorage.setItem(key, text);
    memory.delete(key);
  } catch {
    memory.set(key, text);
  }
}
