// Messages on their way: written down before they are sent, gone when acknowledged, one at a time and in order.
// The server knows every message by its client id, so sending one twice is harmless. Knows no socket and no page.

/** @import {Attachment, ClientFrame} from "./protocol.js" */
/** @import {Entry, Store} from "./store.js" */

const PATIENCE = 12_000;
const HOLD_FIRST = 3_000;
const HOLD_LONGEST = 15_000;

/** @typedef {"sending" | "sent" | "held" | "failed"} Delivery */
/** @typedef {Entry & {delivery: Delivery, reason: string}} Parcel */

export class Outbox {
  #store;
  #send;
  #stuck;
  #holds = 0;
  /** @type {number | undefined} */
  #hold;
  /** @type {number | undefined} */
  #patience;
  /** @type {Parcel[]} */
  parcels;

  /**
   * @param {Pick<Store, "outbox" | "put" | "replace" | "drop">} store
   * @param {(frame: ClientFrame) => boolean} send whether the frame went out
   * @param {() => void} stuck called when an acknowledgement is overdue
   */
  constructor(store, send, stuck) {
    this.#store = store;
    this.#send = send;
    this.#stuck = stuck;
    this.parcels = store.outbox.map((entry) => ({ ...entry, delivery: "sending", reason: "" }));
  }

  /**
   * @param {Entry["type"]} type
   * @param {string} body
   * @param {Record<string, unknown>} fields
   * @param {Attachment[]} attachments that are uploaded
   */
  add(type, body = "", fields = {}, attachments = []) {
    const entry = { client_id: uuid(), type, body, fields, attachments, created_at: new Date().toISOString() };
    this.#store.put(entry);
    this.parcels.push({ ...entry, delivery: "sending", reason: "" });
    this.flush();
  }

  /** Send the next message, unless one is out or the server asked for a pause. */
  flush() {
    const next = this.parcels.find((parcel) => parcel.delivery !== "failed");
    if (!next || next.delivery === "sent" || this.#hold) return;
    if (!this.#send(frameOf(next))) return;
    next.delivery = "sent";
    this.#patience = setTimeout(this.#stuck, PATIENCE);
  }

  /**
   * The server has it.
   * @param {string} clientId
   */
  settle(clientId) {
    if (!this.#find(clientId)) return;
    this.#store.drop(clientId);
    this.parcels = this.parcels.filter((parcel) => parcel.client_id !== clientId);
    this.#holds = 0;
    this.#next();
  }

  /** The request for a person was granted, whoever made it. */
  settleRequest() {
    for (const { type, client_id } of this.parcels) if (type === "agent.request") this.settle(client_id);
  }

  /**
   * The server cannot take it now: keep everything, try again after a moment.
   * @param {string} reason
   */
  hold(reason) {
    const waiting = this.parcels.filter(({ delivery }) => delivery !== "failed");
    for (const parcel of waiting) Object.assign(parcel, { delivery: "held", reason });
    clearTimeout(this.#patience);
    clearTimeout(this.#hold);
    this.#hold = setTimeout(() => this.#release(), Math.min(HOLD_LONGEST, HOLD_FIRST * 2 ** this.#holds));
    this.#holds += 1;
  }

  /**
   * The server refuses it; only the customer can try again.
   * @param {string} clientId
   * @param {string} reason
   */
  fail(clientId, reason) {
    const parcel = this.#find(clientId);
    if (!parcel) return;
    Object.assign(parcel, { delivery: "failed", reason });
    this.#next();
  }

  /**
   * The server no longer has its files: the words go without them, if there are any.
   * @param {string} clientId
   * @param {string} reason
   */
  strip(clientId, reason) {
    const parcel = this.#find(clientId);
    if (!parcel?.body) return this.settle(clientId);
    parcel.attachments = [];
    const { client_id, type, body, fields, attachments, created_at } = parcel;
    this.#store.replace({ client_id, type, body, fields, attachments, created_at });
    this.fail(clientId, reason);
  }

  /** @param {string} clientId */
  retry(clientId) {
    const parcel = this.#find(clientId);
    if (parcel) Object.assign(parcel, { delivery: "sending", reason: "" });
    this.flush();
  }

  /** The connection is gone: what was out and not acknowledged goes out again. */
  lost() {
    clearTimeout(this.#patience);
    for (const parcel of this.parcels) if (parcel.delivery === "sent") parcel.delivery = "sending";
  }

  #release() {
    this.#hold = undefined;
    this.flush();
  }

  #next() {
    clearTimeout(this.#patience);
    this.flush();
  }

  /** @param {string} clientId */
  #find(clientId) {
    return this.parcels.find((parcel) => parcel.client_id === clientId);
  }
}

/**
 * @param {Entry} entry
 * @returns {ClientFrame}
 */
function frameOf({ type, client_id, body, fields, attachments }) {
  const files = attachments?.length ? { attachments: attachments.map(({ id }) => id) } : {};
  const frame = { type, client_id, ...fields, ...(type === "message.post" ? { body, ...files } : {}) };
  return /** @type {ClientFrame} */ (frame);
}

/** `crypto.randomUUID` is missing on pages without https. */
export function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
