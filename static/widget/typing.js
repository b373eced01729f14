// Who writes at this moment, on either side of a conversation. Knows no socket.

/** @import {Author} from "./protocol.js" */

const LASTS = 6_000;
const EVERY = 3_000;

/** When the other side should be told that somebody writes. */
export class Pace {
  #toldAt = 0;

  /** Whether it is now, which then counts as told: at most every three seconds. @param {boolean} on */
  isDue(on) {
    const isDue = on ? Date.now() - this.#toldAt > EVERY : this.#toldAt > 0;
    if (isDue) this.#toldAt = on ? Date.now() : 0;
    return isDue;
  }

  /** What was told counts no more. */
  reset() {
    this.#toldAt = 0;
  }
}

export class Typing {
  #changed;
  #pace = new Pace();
  /** @type {number | undefined} */
  #expiry;
  /** @type {{author: Author, name: string} | null} somebody on the other side */
  writer = null;

  /** @param {() => void} changed */
  constructor(changed) {
    this.#changed = changed;
  }

  /** Whether the other side should be told that the customer writes. @param {boolean} on */
  isDue(on) {
    return this.#pace.isDue(on);
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
