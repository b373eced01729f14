// What the agent has written in one conversation and not sent. The server keeps it for the agent's other windows and
// devices; the browser keeps what the server has not confirmed. What is written here and now wins over what comes.

/** @import {ClientFrame, DraftKept, Mode} from "./protocol.js" */

import { uuid } from "../widget/outbox.js";
import { read, write } from "../widget/store.js";

const SAVE_AFTER = 600;

export class Draft {
  #conversation;
  #kind;
  #key;
  #send;
  #saving = "";
  /** @type {number | undefined} */
  #timer;

  /**
   * @param {string} conversation
   * @param {Mode} kind
   * @param {string} key under which the browser keeps it
   * @param {(frame: ClientFrame) => boolean} send whether the frame went out
   */
  constructor(conversation, kind, key, send) {
    this.#conversation = conversation;
    this.#kind = kind;
    this.#key = `supportbot:${key}:${kind}`;
    this.#send = send;
    /** @type {string | null} */
    const unsaved = read(this.#key, null);
    this.body = unsaved ?? "";
    this.isSaved = unsaved === null;
  }

  /** @param {string} body */
  write(body) {
    if (body === this.body) return;
    this.#keep(body, false);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.save(), SAVE_AFTER);
  }

  /** Give the server what it does not have. */
  save() {
    clearTimeout(this.#timer);
    if (this.isSaved) return;
    const frame = { type: /** @type {const} */ ("draft.save"), conversation: this.#conversation, client_id: uuid() };
    this.#saving = this.#send({ ...frame, kind: this.#kind, body: this.body }) ? frame.client_id : "";
  }

  /** @param {DraftKept} kept what the server has */
  apply({ body, client_id }) {
    if (client_id && client_id === this.#saving) this.#keep(this.body, body === this.body);
    else if (this.isSaved) this.#keep(body, true);
    else if (!client_id) this.save();
  }

  /**
   * A message comes back.
   * @param {string} body the message
   * @param {string} draft the server's draft, of which it is a part again
   */
  giveBack(body, draft) {
    if (this.isSaved) this.#keep(draft, true);
    else this.write([body, this.body].filter(Boolean).join("\n\n"));
  }

  /**
   * @param {string} body
   * @param {boolean} isSaved
   */
  #keep(body, isSaved) {
    this.body = body;
    this.isSaved = isSaved;
    write(this.#key, isSaved ? null : body);
  }
}
