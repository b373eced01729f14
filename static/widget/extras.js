// The two buttons of the panel's head and the pages that they open over the conversation: search, and options.

/** @import {Conversation} from "./conversation.js" */
/** @import {Widget} from "./protocol.js" */
/** @import {Store} from "./store.js" */

import { Alerts } from "./alerts.js";
import { element, icon } from "./dom.js";
import { Options } from "./options.js";
import { Search } from "./search.js";
import { Sheet } from "./sheet.js";
import { words, written } from "./texts.js";

const SEARCH = () => words.search.title;
const OPTIONS = () => words.options;

export class Extras {
  #widget;
  #store;
  #alerts;
  #options;
  #search;
  #sheet;
  /** @type {HTMLElement | null} */
  #opener = null;
  buttons;

  /**
   * @param {Widget} widget
   * @param {Store} store
   * @param {Conversation} conversation
   * @param {() => void} open the panel
   */
  constructor(widget, store, conversation, open) {
    this.#widget = widget;
    this.#store = store;
    this.#alerts = new Alerts(store, open);
    this.#options = new Options(conversation, this.#alerts);
    this.#search = new Search(widget.origin, widget.workspace);
    this.#sheet = new Sheet(() => this.#opener?.focus());
    this.buttons = [
      this.#button("search", SEARCH, () => this.#showSearch()),
      this.#button("more", OPTIONS, () => this.#showOptions()),
    ];
  }

  get element() {
    return this.#sheet.element;
  }

  /** What lies below the pages. @param {HTMLElement[]} parts */
  cover(...parts) {
    this.#sheet.covered = parts;
  }

  draw() {
    this.#options.draw();
  }

  /** Whether there was a page to close. */
  close() {
    const wasOpen = this.#sheet.isOpen;
    if (wasOpen) this.#sheet.close();
    return wasOpen;
  }

  /**
   * A message has come while nobody looked.
   * @param {string} name
   * @param {string} body
   */
  tell(name, body) {
    this.#alerts.tell(name, body);
  }

  #showSearch() {
    this.#sheet.show(SEARCH, this.#search.element, this.#search.field);
    void this.#search.search();
  }

  #showOptions() {
    this.#options.show(this.#widget.profile.user.email || this.#store.visitor.email);
    this.#sheet.show(OPTIONS, this.#options.element);
  }

  /**
   * @param {"search" | "more"} symbol
   * @param {() => string} name
   * @param {() => void} pressed
   */
  #button(symbol, name, pressed) {
    const button = element("button", { type: "button", class: "close" }, icon(symbol));
    button.onclick = () => {
      this.#opener = button;
      pressed();
    };
    written(() => (button.ariaLabel = button.title = name()));
    return button;
  }
}
