// Who writes at this moment, on either side of a conversation. Knows no socket.

/** @import {Author} from "./protocol.js" */

const LASTS = 6_000;
const EVERY = 3_000;

export class Typing {
  #changed;
  #toldAt = 0;
  /** @type {number | undefined} */
  #expiry;
  /** @type {{author: Author, name: string} | null} somebody on the other side */
  writer = null;

  /** @param {() => void} changed */
  constructor(changed) {
    this.#changed = changed;
  }

  /** Whether the other side should be told that the customer writes: at most every three seconds. @param {boolean} on */
  isDue(on) {
    const isDue = on ? Date.now() - this.#toldAt > EVERY : this.#toldAt > 0;
    if (isDue) this.#toldAt = on ? Date.now() : 0;
    return isDue;
  }

  /** @param {{author: Author, name: string, on: boolean}} frame */
  hear({ author, name, on }) {
    if (author === "customer") return;
    this.clear();
    if (!on) return this.#changed();
    this.writer = { author, name };
    this.#expiry = setTimeout(() => this.hear({ author, name, on: false }), LASTS);
  }

  clear() {
    clearTimeout(this.#expiry);
    this.writer = null;
  }
}
