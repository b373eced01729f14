// A page over the conversation, with a title and the way back. Knows nothing of what stands on it.

import { element, icon } from "./dom.js";
import { words, written } from "./texts.js";

export class Sheet {
  #closed;
  /** @type {HTMLElement[]} what lies below it, and can't be reached while it is open */
  covered = [];
  /** @type {() => string} */
  #name = () => "";
  #title = element("h3", { tabindex: "-1" });
  #body = element("div", { class: "sheet-body" });
  element = element("section", { class: "sheet", hidden: "" });

  /** @param {() => void} closed */
  constructor(closed) {
    this.#closed = closed;
    const back = element("button", { type: "button", class: "close" }, icon("back"));
    back.onclick = () => this.close();
    this.element.append(element("div", { class: "sheet-head" }, back, this.#title), this.#body);
    written(() => {
      back.ariaLabel = words.back;
      this.#title.textContent = this.#name();
    });
  }

  get isOpen() {
    return !this.element.hidden;
  }

  /**
   * @param {() => string} name its title
   * @param {HTMLElement} content
   * @param {HTMLElement} [first] what takes the focus
   */
  show(name, content, first = this.#title) {
    this.#name = name;
    this.#title.textContent = name();
    this.#body.replaceChildren(content);
    this.#cover(true);
    first.focus();
  }

  close() {
    this.#cover(false);
    this.#closed();
  }

  /** @param {boolean} on */
  #cover(on) {
    this.element.hidden = !on;
    for (const part of this.covered) part.inert = on;
  }
}
