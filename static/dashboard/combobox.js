// A field that filters a list below it: ARIA's editable combobox with a listbox. The focus stays in the field;
// arrows move through the options, Enter takes one, Escape leaves. Knows nothing of what is chosen.

import { element } from "../widget/dom.js";
import { setText } from "./page.js";

const SHOWN = 50;
const STEPS = /** @type {Record<string, number>} */ ({ ArrowDown: 1, ArrowUp: -1 });

/**
 * @typedef {object} Choice
 * @property {string} id
 * @property {string} find the words by which it is found
 * @property {() => Node[]} draw what the option shows
 */

/**
 * @typedef {object} Listener
 * @property {(id: string) => void} chosen
 * @property {() => void} left called on Escape
 */

export class Combobox {
  #field;
  #list;
  #status;
  #listener;
  /** @type {Choice[]} */
  #choices = [];
  /** @type {Choice[]} */
  #found = [];
  #active = 0;

  /**
   * @param {HTMLInputElement} field
   * @param {HTMLElement} list
   * @param {HTMLElement} status where it says how many were found
   * @param {Listener} listener
   */
  constructor(field, list, status, listener) {
    this.#field = field;
    this.#list = list;
    this.#status = status;
    this.#listener = listener;
    field.addEventListener("input", () => this.#filter());
    field.addEventListener("keydown", (event) => this.#key(event));
    list.addEventListener("mousedown", (event) => event.preventDefault());
    list.addEventListener("click", ({ target }) => this.#click(target));
  }

  get words() {
    return this.#field.value;
  }

  /**
   * Begin anew, with an empty field.
   * @param {Choice[]} choices
   * @param {string} notice what to say instead of how many there are
   */
  offer(choices, notice = "") {
    this.#choices = choices;
    this.#field.value = "";
    this.#filter();
    if (notice) setText(this.#status, notice);
  }

  /**
   * Others to choose from; what was typed stays.
   * @param {Choice[]} choices
   */
  extend(choices) {
    this.#choices = choices;
    this.#filter();
  }

  /** Those that begin with what was typed stand before those that only have its words. */
  #filter() {
    const typed = this.#field.value.trim().toLowerCase();
    const words = typed.split(/\s+/);
    const matching = this.#choices.filter(({ find }) => words.every((word) => find.toLowerCase().includes(word)));
    const begins = (/** @type {Choice} */ { find }) => find.toLowerCase().startsWith(typed);
    this.#found = [...matching.filter(begins), ...matching.filter((choice) => !begins(choice))].slice(0, SHOWN);
    this.#active = 0;
    this.#list.replaceChildren(...this.#found.map((choice, index) => this.#option(choice, index)));
    this.#mark();
    setText(this.#status, this.#found.length ? `${this.#found.length} found` : "Nothing matches");
  }

  /**
   * @param {Choice} choice
   * @param {number} index
   */
  #option({ id, draw }, index) {
    const option = element("li", { role: "option", id: `${this.#list.id}-${index}` }, ...draw());
    option.dataset.id = id;
    return option;
  }

  #mark() {
    [...this.#list.children].forEach((option, index) => option.setAttribute("aria-selected", String(index === this.#active)));
    const active = this.#list.children[this.#active];
    if (active) this.#field.setAttribute("aria-activedescendant", active.id);
    else this.#field.removeAttribute("aria-activedescendant");
    active?.scrollIntoView({ block: "nearest" });
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const step = STEPS[event.key];
    if (event.isComposing || (!step && event.key !== "Enter" && event.key !== "Escape")) return;
    event.preventDefault();
    event.stopPropagation();
    if (step) this.#move(step);
    else if (event.key === "Escape") this.#listener.left();
    else if (this.#found.length) this.#listener.chosen(this.#found[this.#active].id);
  }

  /** @param {number} step */
  #move(step) {
    const count = this.#found.length;
    if (count) this.#active = (this.#active + step + count) % count;
    this.#mark();
  }

  /** @param {EventTarget | null} target */
  #click(target) {
    const option = target instanceof Element ? target.closest("[role=option]") : null;
    if (option instanceof HTMLElement) this.#listener.chosen(option.dataset.id ?? "");
  }
}
