// Where the agent writes: open only to whoever has the conversation, with a plain word why it is closed to others.

/** @import {Desk} from "./desk.js" */
/** @import {Row} from "./protocol.js" */
/** @import {Transcript} from "./transcript.js" */

import { byId, setText } from "./page.js";

const LIMIT = 4_000;
const COUNT_FROM = 3_600;

export class Composer {
  #desk;
  /** @type {Transcript | null} */
  #shown = null;
  #form = byId("composer", HTMLFormElement);
  #field = byId("reply", HTMLTextAreaElement);
  #why = byId("why", HTMLElement);
  #count = byId("count", HTMLElement);

  /** @param {Desk} desk */
  constructor(desk) {
    this.#desk = desk;
    this.#field.addEventListener("input", () => this.#changed());
    this.#field.addEventListener("keydown", (event) => this.#key(event));
    this.#form.addEventListener("submit", (event) => this.#submit(event));
  }

  get isOpen() {
    return !this.#field.disabled;
  }

  focus() {
    this.#field.focus();
  }

  /**
   * Put words where the agent would write them; only the agent sends.
   * @param {string} words
   */
  insert(words) {
    if (!this.isOpen) return;
    const end = this.#field.value.trimEnd();
    this.#field.value = end ? `${end}\n\n${words}` : words;
    this.#changed();
    this.focus();
  }

  draw() {
    const { current, row, isMine, me } = this.#desk;
    if (current !== this.#shown) this.#show(current);
    this.#form.hidden = row?.status === "resolved" || !row;
    this.#field.disabled = !isMine;
    this.#form.classList.toggle("closed", !isMine);
    this.#field.placeholder = isMine ? `Write to ${row?.contact.name ?? "the customer"}` : "";
    setText(this.#why, row ? reason(row, me) : "");
    this.#why.hidden = isMine;
    this.#button.disabled = !isMine;
    this.#fit();
  }

  get #button() {
    return /** @type {HTMLButtonElement} */ (this.#form.querySelector("button[type=submit]"));
  }

  /** @param {Transcript | null} transcript */
  #show(transcript) {
    this.#shown = transcript;
    this.#field.value = transcript?.draft ?? "";
    this.#measure();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key === "Escape") this.#field.blur();
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) this.#submit(event);
  }

  /** @param {Event} event */
  #submit(event) {
    event.preventDefault();
    const body = this.#field.value.trim();
    this.focus();
    if (!body || [...body].length > LIMIT || !this.#desk.isMine) return;
    this.#field.value = "";
    this.#measure();
    this.#shown?.post(body);
  }

  #changed() {
    this.#measure();
    if (!this.#shown) return;
    this.#shown.draft = this.#field.value;
    this.#shown.type(this.#field.value.trim() !== "");
  }

  /** The server counts code points. */
  #measure() {
    const left = LIMIT - [...this.#field.value.trim()].length;
    const over = `Too long by ${(-left).toLocaleString()}. Please shorten it, or send it in two messages.`;
    setText(this.#count, left > LIMIT - COUNT_FROM ? "" : left < 0 ? over : `${left} characters left`);
    this.#field.setAttribute("aria-invalid", String(left < 0));
    this.#fit();
  }

  /** As high as the text, once it is in sight. */
  #fit() {
    this.#field.style.height = "auto";
    if (this.#field.scrollHeight) this.#field.style.height = `${this.#field.scrollHeight}px`;
  }
}

/**
 * @param {Row} row
 * @param {number} me
 */
function reason(row, me) {
  if (row.handler === "bot") return "The bot answers here. Take over to write yourself: it goes silent at once.";
  if (row.handler === "queue") return "The customer waits for a person. Take over to answer.";
  return row.assignee?.id === me ? "" : `${row.assignee?.name ?? "Another agent"} answers here. You can read along.`;
}
