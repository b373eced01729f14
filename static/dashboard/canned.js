// The menu of canned responses above the place to write: opened by "/" or its button, filled in by the server.

import { element } from "../widget/dom.js";
import { Combobox } from "./combobox.js";
import { byId, get } from "./page.js";

/** @typedef {{id: number, code: string, title: string, text: string, missing: string[]}} Response */

const FAILED = "They could not be loaded. Close this and try again.";

export class CannedMenu {
  #insert;
  #panel = byId("canned", HTMLElement);
  #field = byId("canned-search", HTMLInputElement);
  #combobox;
  #slash = "";
  /** @type {Response[]} */
  #responses = [];

  /** @param {(words: string) => void} insert called with the words that go where the agent writes */
  constructor(insert) {
    this.#insert = insert;
    this.#combobox = new Combobox(this.#field, byId("canned-options", HTMLElement), byId("canned-status", HTMLElement), {
      chosen: (id) => this.#choose(id),
      left: () => this.#leave(),
    });
    this.#panel.addEventListener("focusout", ({ relatedTarget }) => {
      if (!(relatedTarget instanceof Node && this.#panel.contains(relatedTarget))) this.close();
    });
  }

  /**
   * @param {string} conversation
   * @param {string} slash what was typed to open it, and comes back when nothing is chosen
   */
  open(conversation, slash) {
    this.#slash = slash;
    this.#responses = [];
    this.#panel.hidden = false;
    this.#combobox.offer([], "Loading…");
    this.#field.focus();
    this.#load(conversation);
  }

  close() {
    this.#panel.hidden = true;
  }

  /** @param {string} conversation */
  async #load(conversation) {
    try {
      const { responses } = await (await get(`${conversation}/canned/`)).json();
      this.#responses = responses;
      this.#combobox.extend(this.#responses.map((response) => choice(response)));
    } catch {
      this.#combobox.offer([], FAILED);
    }
  }

  /** @param {string} id */
  #choose(id) {
    const response = this.#responses.find((known) => String(known.id) === id);
    this.close();
    this.#insert(response?.text ?? "");
  }

  /** Whoever meant a slash keeps it, and what was typed after it. */
  #leave() {
    const typed = this.#slash && this.#slash + this.#combobox.words;
    this.close();
    this.#insert(typed);
  }
}

/** @param {Response} response */
function choice({ id, code, title, text, missing }) {
  const draw = () => [
    element("span", { class: "option-head" }, element("code", {}, `/${code}`), element("span", { dir: "auto" }, title)),
    element("span", { class: "option-text", dir: "auto" }, text),
    ...(missing.length ? [element("span", { class: "option-missing" }, `To be filled in: ${missing.join(", ")}`)] : []),
  ];
  return { id: String(id), find: `${code} ${title} ${text}`, draw };
}
