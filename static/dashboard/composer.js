// Where the agent writes: open only to whoever has the conversation, with a plain word why it is closed to others.

/** @import {Desk} from "./desk.js" */
/** @import {Row} from "./protocol.js" */
/** @import {Transcript} from "./transcript.js" */

import { CannedMenu } from "./canned.js";
import { byId, setText } from "./page.js";

const LIMIT = 4_000;
const COUNT_FROM = 3_600;
/** As the server knows it: what is still to be filled in is never sent. */
const VARIABLE = /\{\{\s*[\w.]+\s*\}\}/;

export class Composer {
  #desk;
  /** @type {Transcript | null} */
  #shown = null;
  #form = byId("composer", HTMLFormElement);
  #field = byId("reply", HTMLTextAreaElement);
  #why = byId("why", HTMLElement);
  #count = byId("count", HTMLElement);
  #unfilled = byId("unfilled", HTMLElement);
  #menuButton = byId("canned-open", HTMLButtonElement);
  #menu = new CannedMenu((words) => this.#insertHere(words));

  /** @param {Desk} desk */
  constructor(desk) {
    this.#desk = desk;
    this.#field.addEventListener("input", () => this.#changed());
    this.#field.addEventListener("beforeinput", (event) => this.#slash(event));
    this.#menuButton.onclick = () => this.#openMenu("");
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
    this.#draft();
    this.#form.hidden = row?.status === "resolved" || !row;
    this.#field.disabled = !isMine;
    this.#form.classList.toggle("closed", !isMine);
    this.#field.placeholder = isMine ? `Write to ${row?.contact.name ?? "the customer"}` : "";
    setText(this.#why, row ? reason(row, me) : "");
    this.#why.hidden = isMine;
    this.#button.disabled = this.#menuButton.disabled = !isMine;
    this.#fit();
  }

  get #button() {
    return /** @type {HTMLButtonElement} */ (this.#form.querySelector("button[type=submit]"));
  }

  /** @param {Transcript | null} transcript */
  #show(transcript) {
    this.#shown = transcript;
    this.#menu.close();
    this.#draft();
  }

  /** What was written in another window, or came back. */
  #draft() {
    const body = this.#shown?.draft.body ?? "";
    if (body === this.#field.value) return;
    this.#field.value = body;
    this.#measure();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key === "Escape") this.#field.blur();
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) this.#submit(event);
  }

  /**
   * A slash that begins a word opens the menu.
   * @param {InputEvent} event
   */
  #slash(event) {
    const { value, selectionStart } = this.#field;
    if (event.data !== "/" || event.isComposing || /\S$/.test(value.slice(0, selectionStart))) return;
    event.preventDefault();
    this.#openMenu("/");
  }

  /** @param {string} slash what was typed */
  #openMenu(slash) {
    if (this.#shown && this.isOpen) this.#menu.open(this.#shown.id, slash);
  }

  /**
   * In place of what is selected; what is to be filled in is selected next.
   * @param {string} words
   */
  #insertHere(words) {
    this.focus();
    this.#field.setRangeText(words, this.#field.selectionStart, this.#field.selectionEnd, "end");
    this.#changed();
    this.#selectVariable();
  }

  #selectVariable() {
    const found = VARIABLE.exec(this.#field.value);
    if (found) this.#field.setSelectionRange(found.index, found.index + found[0].length);
  }

  /** @param {Event} event */
  #submit(event) {
    event.preventDefault();
    const body = this.#field.value.trim();
    this.focus();
    this.#selectVariable();
    if (!body || [...body].length > LIMIT || VARIABLE.test(body) || !this.#desk.isMine) return;
    this.#shown?.draft.write(body);
    this.#shown?.post(body);
    this.#draft();
  }

  #changed() {
    this.#measure();
    if (!this.#shown) return;
    this.#shown.draft.write(this.#field.value);
    this.#shown.type(this.#field.value.trim() !== "");
  }

  /** The server counts code points. */
  #measure() {
    const left = LIMIT - [...this.#field.value.trim()].length;
    const over = `Too long by ${(-left).toLocaleString()}. Please shorten it, or send it in two messages.`;
    setText(this.#count, left > LIMIT - COUNT_FROM ? "" : left < 0 ? over : `${left} characters left`);
    const [variable] = VARIABLE.exec(this.#field.value) ?? [];
    setText(this.#unfilled, variable ? `Fill in ${variable} before you send this.` : "");
    this.#field.setAttribute("aria-invalid", String(left < 0 || variable !== undefined));
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
