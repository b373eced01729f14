// Several conversations that are chosen, and one change for all of them: sent in portions, with an honest account.
// Knows no elements.

/** @import {BulkDone, Change, ClientFrame} from "./protocol.js" */

import { uuid } from "../widget/outbox.js";

const PORTION = 25;

/** @typedef {{change: Change, left: string[], sent: string[], clientId: string, total: number, done: number, refused: {conversation: string, message: string}[]}} Run */

export class Bulk {
  #send;
  #changed;
  /** @type {Run | null} */
  #run = null;
  #last = "";
  /** @type {Set<string>} */
  ids = new Set();
  /** Whether rows show that they can be chosen. */
  isOn = false;
  /** What became of the last change. */
  result = "";

  /**
   * @param {(frame: ClientFrame) => boolean} send
   * @param {() => void} changed
   */
  constructor(send, changed) {
    this.#send = send;
    this.#changed = changed;
  }

  get isRunning() {
    return this.#run !== null;
  }

  /** @param {boolean} on */
  choose(on) {
    this.isOn = on;
    if (!on) this.ids.clear();
    this.result = "";
    this.#changed();
  }

  /**
   * Choose one, or with `isRange` all from the one that was chosen last.
   * @param {string} id
   * @param {boolean} on
   * @param {string[]} shown all ids in their order
   * @param {boolean} isRange
   */
  toggle(id, on, shown, isRange) {
    const [a, b] = [shown.indexOf(this.#last), shown.indexOf(id)].sort((x, y) => x - y);
    const range = isRange && a >= 0 ? shown.slice(a, b + 1) : [id];
    for (const one of range) on ? this.ids.add(one) : this.ids.delete(one);
    this.#last = id;
    this.isOn ||= on;
    this.result = "";
    this.#changed();
  }

  /** @param {string[]} ids */
  add(ids) {
    for (const id of ids) this.ids.add(id);
    this.isOn = true;
    this.#changed();
  }

  /** @param {Change} change */
  run(change) {
    if (this.#run || this.ids.size === 0) return;
    this.#run = { change, left: [...this.ids], sent: [], clientId: "", total: this.ids.size, done: 0, refused: [] };
    this.#next();
  }

  /** @param {BulkDone} frame */
  apply({ client_id, done, refused }) {
    if (client_id !== this.#run?.clientId) return;
    this.#run.done += done;
    this.#run.refused.push(...refused);
    for (const id of this.#run.sent) this.ids.delete(id);
    for (const { conversation } of refused) this.ids.add(conversation);
    this.#next();
  }

  /**
   * The server refuses a portion as it is.
   * @param {string} clientId
   * @param {string} message
   * @returns {boolean} whether it was one of these
   */
  fail(clientId, message) {
    if (!clientId || clientId !== this.#run?.clientId) return false;
    this.#end(message);
    return true;
  }

  /** What was sent last may be done or not; what was not sent stays chosen. */
  lost() {
    if (this.#run) this.#end("the connection was lost. Look at those that are still chosen and try again.");
  }

  #next() {
    const run = this.#run;
    if (!run) return;
    if (run.left.length === 0) return this.#end("");
    run.sent = run.left.splice(0, PORTION);
    run.clientId = uuid();
    this.result = `${run.done + run.refused.length} of ${run.total}…`;
    if (!this.#send({ type: "bulk", client_id: run.clientId, conversations: run.sent, change: run.change })) this.lost();
    this.#changed();
  }

  /** @param {string} stopped why it ended before its end */
  #end(stopped) {
    if (!this.#run) return;
    const { done, refused } = this.#run;
    this.#run = null;
    this.result = [`${done} done`, ...reasons(refused), ...(stopped ? [`then stopped: ${stopped}`] : [])].join(", ");
    if (this.ids.size === 0) this.isOn = false;
    this.#changed();
  }
}

/**
 * Each reason once, with how many were refused for it.
 * @param {{message: string}[]} refused
 */
function reasons(refused) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const { message } of refused) counts.set(message, (counts.get(message) ?? 0) + 1);
  return [...counts].map(([message, count]) => `${count} refused: ${message}`);
}
