// The menu above the place to write: opened by a sign that begins a word, or a button; what is chosen is written there.

/** @import {Choice} from "./combobox.js" */

import { Combobox } from "./combobox.js";
import { byId } from "./page.js";

const FAILED = "They could not be loaded. Close this and try again.";

/** @typedef {Choice & {text: string}} Option */

/**
 * @typedef {object} Offer
 * @property {string} name what is chosen, for screen readers
 * @property {string} hint
 * @property {string} sign that was typed to open it, and comes back when nothing is chosen
 * @property {() => Promise<Option[]>} load
 */

export class Menu {
  #write;
  #panel = byId("menu", HTMLElement);
  #field = byId("menu-search", HTMLInputElement);
  #list = byId("menu-options", HTMLElement);
  #combobox;
  #sign = "";
  /** @type {Option[]} */
  #options = [];

  /** @param {(words: string, id: string) => void} write called with the words that go where the agent writes, and whose they are */
  constructor(write) {
    this.#write = write;
    this.#combobox = new Combobox(this.#field, this.#list, byId("menu-status", HTMLElement), {
      chosen: (id) => this.#choose(id),
      left: () => this.#leave(),
    });
    this.#panel.addEventListener("focusout", ({ relatedTarget }) => {
      if (!(relatedTarget instanceof Node && this.#panel.contains(relatedTarget))) this.close();
    });
  }

  /** @param {Offer} offer */
  async open({ name, hint, sign, load }) {
    this.#sign = sign;
    this.#field.placeholder = hint;
    this.#field.setAttribute("aria-label", name);
    this.#list.setAttribute("aria-label", name);
    this.#panel.dataset.name = name;
    this.#panel.hidden = false;
    this.#options = [];
    this.#combobox.offer([], "Loading…");
    this.#field.focus();
    try {
      this.#options = await load();
      this.#combobox.extend(this.#options);
    } catch {
      this.#combobox.offer([], FAILED);
    }
  }

  close() {
    this.#panel.hidden = true;
  }

  /** @param {string} id */
  #choose(id) {
    this.close();
    this.#write(this.#options.find((option) => option.id === id)?.text ?? "", id);
  }

  /** Whoever meant the sign keeps it, and what was typed after it. */
  #leave() {
    const typed = this.#sign && this.#sign + this.#combobox.words;
    this.close();
    this.#write(typed, "");
  }
}
