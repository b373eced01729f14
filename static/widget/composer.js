// Where the customer writes: grows with the text, counts near the limit, says in words what is too long.

import { element, icon } from "./dom.js";
import { words, written } from "./texts.js";

const LIMIT = 4_000;
const COUNT_FROM = 3_600;

export class Composer {
  #post;
  #typed;
  #field = element("textarea", {
    rows: "1",
    "aria-describedby": "count",
    enterkeyhint: "send",
    dir: "auto",
  });
  #count = element("p", { class: "count", id: "count" });
  #alarm = element("p", { class: "hidden", role: "status" });
  #send = element("button", { type: "submit", class: "send" }, icon("send"));
  person = element("button", { type: "button", class: "person" });
  element = element("form", { class: "composer" });

  /**
   * @param {(body: string) => void} post
   * @param {(draft: string) => void} typed
   */
  constructor(post, typed) {
    this.#post = post;
    this.#typed = typed;
    const bar = element("div", { class: "bar" }, this.person, this.#send);
    this.element.append(this.#count, this.#alarm, element("div", { class: "box" }, this.#field, bar));
    this.#field.addEventListener("input", () => this.#changed());
    this.#field.addEventListener("keydown", (event) => this.#key(event));
    this.element.addEventListener("submit", (event) => this.#submit(event));
    written(() => {
      this.#field.placeholder = words.placeholder;
      this.#field.ariaLabel = words.yourMessage;
      this.#send.ariaLabel = words.sendMessage;
      this.#update();
    });
  }

  /** @param {string} draft */
  set draft(draft) {
    this.#field.value = draft;
    this.#update();
  }

  /** @param {boolean} off */
  set disabled(off) {
    this.#field.disabled = this.#send.disabled = this.person.disabled = off;
  }

  focus() {
    this.#field.focus({ preventScroll: true });
  }

  /** Measure again once the panel has a size. */
  fit() {
    this.#field.style.height = "auto";
    this.#field.style.height = `${this.#field.scrollHeight}px`;
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    this.#submit(event);
  }

  /** @param {Event} event */
  #submit(event) {
    event.preventDefault();
    const body = this.#field.value.trim();
    this.focus();
    if (!body || length(body) > LIMIT) return;
    this.draft = "";
    this.#post(body);
  }

  #changed() {
    this.#update();
    this.#typed(this.#field.value);
  }

  #update() {
    const left = LIMIT - length(this.#field.value.trim());
    const isTooLong = left < 0;
    this.#count.textContent = left > LIMIT - COUNT_FROM ? "" : countWords(left);
    this.#count.classList.toggle("wrong", isTooLong);
    const alarm = isTooLong ? words.tooLong : "";
    if (this.#alarm.textContent !== alarm) this.#alarm.textContent = alarm;
    this.#field.setAttribute("aria-invalid", String(isTooLong));
    this.#send.setAttribute("aria-disabled", String(isTooLong || left === LIMIT));
    this.fit();
  }
}

/** @param {string} text counted as the server counts: in code points */
function length(text) {
  return [...text].length;
}

/** @param {number} left */
function countWords(left) {
  return left >= 0 ? words.left(left) : words.over(-left);
}
