// Where the customer writes, with files beside the words: grows with the text, counts near the limit, says in words what is too long.

/** @import {Attach} from "./attach.js" */
/** @import {Attachment} from "./protocol.js" */

import { element, icon } from "./dom.js";
import { words, written } from "./texts.js";

const LIMIT = 4_000;
const COUNT_FROM = 3_600;

export class Composer {
  #post;
  #typed;
  #attach;
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
   * @param {(body: string, attachments: Attachment[]) => void} post
   * @param {(draft: string) => void} typed
   * @param {(listener: {changed: () => void, insert: (sign: string) => void}) => Attach} attach
   */
  constructor(post, typed, attach) {
    this.#post = post;
    this.#typed = typed;
    this.#attach = attach({ changed: () => this.#update(), insert: (sign) => this.#insert(sign) });
    const tools = element("div", { class: "tools" }, ...this.#attach.buttons, this.#send);
    const bar = element("div", { class: "bar" }, this.person, tools);
    const box = element("div", { class: "box" }, this.#attach.place, this.#field, bar);
    this.element.append(this.#count, this.#alarm, this.#attach.above, box);
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
    this.#field.disabled = this.#send.disabled = this.person.disabled = this.#attach.disabled = off;
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
    if (this.#attach.isBusy) this.#count.textContent = words.files.busy;
    if (this.#send.ariaDisabled === "true") return;
    this.#post(body, this.#attach.give());
    this.draft = "";
  }

  /** In place of what is selected. @param {string} sign */
  #insert(sign) {
    this.focus();
    this.#field.setRangeText(sign, this.#field.selectionStart, this.#field.selectionEnd, "end");
    this.#changed();
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
    const { attachments, isBusy } = this.#attach ?? { attachments: [], isBusy: false };
    const alarm = isTooLong ? words.tooLong : "";
    if (this.#alarm.textContent !== alarm) this.#alarm.textContent = alarm;
    this.#field.setAttribute("aria-invalid", String(isTooLong));
    const isEmpty = left === LIMIT && !attachments.length;
    this.#send.setAttribute("aria-disabled", String(isTooLong || isEmpty || isBusy));
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
