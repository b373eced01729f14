// Who else is in a conversation: who writes there now, and which colleagues have it open. Hints, which end by themselves.

/** @import {Author, Looking, Typing} from "./protocol.js" */

const TYPING_LASTS = 5_000;
/** Whoever looks says so with every sign of life, and says goodbye; this is for those who cannot. */
const LOOKING_LASTS = 60_000;

export class Company {
  #changed;
  /** @type {{author: Author, name: string} | null} */
  #typing = null;
  /** @type {number | undefined} */
  #expiry;
  /** @type {Map<string, {name: string, at: number}>} by the window in which they have it open */
  #lookers = new Map();

  /** @param {() => void} changed */
  constructor(changed) {
    this.#changed = changed;
  }

  /** The customer while they write, or nobody. */
  get customer() {
    return this.#typing?.author === "agent" ? null : this.#typing;
  }

  /** The colleague who writes, or nobody. */
  get colleague() {
    return this.#typing?.author === "agent" ? this.#typing.name : "";
  }

  /** Colleagues who have it open. */
  get lookers() {
    const here = [...this.#lookers.values()].filter(({ at }) => Date.now() - at < LOOKING_LASTS);
    return [...new Set(here.map(({ name }) => name))].sort();
  }

  /** @param {Typing} typing */
  type({ author, name, on }) {
    clearTimeout(this.#expiry);
    this.#typing = on ? { author, name } : null;
    if (on) this.#expiry = setTimeout(() => this.#expire(), TYPING_LASTS);
  }

  /** @param {Looking} looking */
  look({ window, name, on }) {
    if (on) this.#lookers.set(window, { name, at: Date.now() });
    else this.#lookers.delete(window);
  }

  /** @param {Author} author whose words have arrived */
  heard(author) {
    if (author === this.#typing?.author) this.#typing = null;
  }

  lost() {
    this.#typing = null;
    this.#lookers.clear();
  }

  #expire() {
    this.#typing = null;
    this.#changed();
  }
}
