// Where the agent writes: a reply, open only to whoever has the conversation, or a private note, open to everybody.

/** @import {Desk} from "./desk.js" */
/** @import {Mode, Row} from "./protocol.js" */
/** @import {Transcript} from "./transcript.js" */

import { element } from "../widget/dom.js";
import english from "../widget/texts/en.js";
import { cannedResponses } from "./canned.js";
import { mentioned } from "./mentions.js";
import { Menu } from "./menu.js";
import { Enclosures } from "./enclosures.js";
import { byId, setText } from "./page.js";
import { Voice } from "./voice.js";

const LIMIT = 4_000;
const COUNT_FROM = 3_600;
/** As the server knows it: what is still to be filled in is never sent. */
const VARIABLE = /\{\{\s*[\w.]+\s*(?:\|[^{}|]*)?\}\}/;
/** The sign that opens a menu at the beginning of a word. */
const SIGN = { reply: "/", note: "@" };
const WORDS = {
  reply: { label: "Your reply", send: "Send", hint: ["Enter", " sends, ", "/", " canned responses"] },
  note: { label: "Private note", send: "Add note", hint: ["Enter", " adds it, ", "@", " mentions a colleague"] },
};

export class Composer {
  #desk;
  /** @type {Transcript | null} */
  #shown = null;
  #form = byId("composer", HTMLFormElement);
  #field = byId("reply", HTMLTextAreaElement);
  #why = byId("why", HTMLElement);
  #count = byId("count", HTMLElement);
  #unfilled = byId("unfilled", HTMLElement);
  #send = byId("send", HTMLButtonElement);
  #modes = { reply: byId("mode-reply", HTMLButtonElement), note: byId("mode-note", HTMLButtonElement) };
  #menuButton = byId("canned-open", HTMLButtonElement);
  #emojiButton = byId("emoji", HTMLButtonElement);
  #enclosures = new Enclosures(() => this.#measure());
  #voice = new Voice(this.#field, () => this.#changed());
  #menu = new Menu((words, id) => this.#insertChosen(words, id));
  /** @type {Set<number>} colleagues who were chosen for the note */
  #called = new Set();

  /** @param {Desk} desk */
  constructor(desk) {
    this.#desk = desk;
    this.#field.addEventListener("input", () => this.#changed());
    this.#field.addEventListener("beforeinput", (event) => this.#sign(event));
    this.#field.addEventListener("keydown", (event) => this.#key(event));
    this.#form.addEventListener("submit", (event) => this.#submit(event));
    this.#menuButton.onclick = () => this.#openMenu("");
    this.#emojiButton.onclick = () => this.#menu.open({ name: "Emoji", hint: "Name of an emoji", sign: "", load: emoji });
    this.#modes.reply.onclick = () => this.write("reply");
    this.#modes.note.onclick = () => this.write("note");
  }

  /** Whether the agent can write to the customer now. */
  get isOpen() {
    return this.#desk.isMine;
  }

  focus() {
    this.#field.focus();
  }

  /** @param {Mode} mode what to write next */
  write(mode) {
    if (!this.#shown) return;
    this.#shown.type(false);
    this.#shown.mode = mode;
    this.#menu.close();
    this.draw();
    this.focus();
  }

  /**
   * Put words where the agent would write to the customer; only the agent sends.
   * @param {string} words
   */
  insert(words) {
    if (!this.isOpen) return;
    this.write("reply");
    const end = this.#field.value.trimEnd();
    this.#field.value = end ? `${end}\n\n${words}` : words;
    this.#changed();
  }

  /** What is written now. */
  get words() {
    return this.#field.value;
  }

  /**
   * Put words in the place of what is written; only the agent sends.
   * @param {string} words
   * @param {Mode} mode
   */
  replace(words, mode) {
    this.write(mode);
    this.#field.value = words;
    this.#changed();
  }

  draw() {
    const { current, row, me } = this.#desk;
    if (current !== this.#shown) this.#show(current);
    this.#drawMode();
    this.#draft();
    this.#form.hidden = !row;
    const isOpen = this.mode === "note" ? Boolean(row) : this.isOpen;
    this.#enclosures.isOpen = isOpen && this.mode === "reply";
    this.#enclosures.draw(current);
    this.#field.disabled = this.#send.disabled = this.#menuButton.disabled = this.#emojiButton.disabled = !isOpen;
    this.#form.classList.toggle("closed", !isOpen);
    const whom = this.mode === "note" ? "your colleagues; the customer does not see it" : (row?.contact.name ?? "the customer");
    this.#field.placeholder = isOpen ? `Write to ${whom}` : "";
    setText(this.#why, row && !isOpen ? reason(row, me) : "");
    this.#why.hidden = isOpen;
    this.#fit();
    this.#lookOver();
  }

  /** What is being written. @returns {Mode} */
  get mode() {
    return this.#shown?.mode ?? "reply";
  }

  #drawMode() {
    const mode = this.mode;
    const { label, send, hint } = WORDS[mode];
    for (const [name, button] of Object.entries(this.#modes)) button.setAttribute("aria-pressed", String(name === mode));
    this.#form.classList.toggle("noting", mode === "note");
    this.#field.setAttribute("aria-label", label);
    setText(this.#send, send);
    byId("hint", HTMLElement).replaceChildren(...hint.map((part, index) => (index % 2 ? part : element("kbd", {}, part))));
  }

  /** @param {Transcript | null} transcript */
  #show(transcript) {
    this.#shown = transcript;
    this.#called.clear();
    this.#menu.close();
  }

  /** What was written in another window, or came back. */
  #draft() {
    const body = this.#shown?.draft.body ?? "";
    if (body !== this.#field.value) this.#field.value = body;
    this.#measure();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key === "Escape") this.#field.blur();
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) this.#submit(event);
  }

  /** @param {InputEvent} event */
  #sign(event) {
    const { value, selectionStart } = this.#field;
    const sign = SIGN[this.mode];
    if (event.data !== sign || event.isComposing || /\S$/.test(value.slice(0, selectionStart))) return;
    event.preventDefault();
    this.#openMenu(sign);
  }

  /** @param {string} sign what was typed */
  #openMenu(sign) {
    const conversation = this.#shown?.id ?? "";
    if (this.#field.disabled) return;
    if (this.mode === "note") {
      this.#menu.open({ name: "Colleagues", hint: "A colleague's name", sign, load: async () => this.#colleagues });
    } else {
      const load = () => cannedResponses(conversation);
      this.#menu.open({ name: "Canned responses", hint: "Short code, title or words of the text", sign, load });
    }
  }

  get #colleagues() {
    return this.#others.map(({ id, name }) => {
      const draw = () => [element("span", { class: "option-head" }, element("span", { dir: "auto" }, name))];
      return { id: String(id), find: name, draw, text: `@${name} ` };
    });
  }

  get #others() {
    return this.#desk.choices.offered.agents.filter(({ id }) => id !== this.#desk.me);
  }

  /**
   * @param {string} words
   * @param {string} id of what was chosen from the menu, if anything was
   */
  #insertChosen(words, id) {
    if (/^\d+$/.test(id) && this.mode === "note") this.#called.add(Number(id));
    this.#insertHere(words);
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

  /** What a reply still lacks. */
  get #variable() {
    return this.mode === "reply" ? VARIABLE.exec(this.#field.value) : null;
  }

  #selectVariable() {
    const found = this.#variable;
    if (found) this.#field.setSelectionRange(found.index, found.index + found[0].length);
  }

  /** @param {Event} event */
  #submit(event) {
    event.preventDefault();
    const body = this.#field.value.trim();
    this.focus();
    this.#selectVariable();
    const isEmpty = !body && !this.#enclosures.attachments.length;
    if (isEmpty || this.#enclosures.isBusy || [...body].length > LIMIT || this.#variable || this.#field.disabled) return;
    if (this.mode === "note") this.#note(body);
    else this.#post(body);
    this.#draft();
  }

  /** @param {string} body */
  #post(body) {
    this.#shown?.drafts.reply.write(body);
    this.#shown?.post(body, this.#enclosures.give());
  }

  /** @param {string} body */
  #note(body) {
    this.#shown?.note(body, mentioned(body, this.#others, this.#called));
    this.#called.clear();
  }

  #changed() {
    this.#measure();
    if (!this.#shown) return;
    this.#shown.draft.write(this.#field.value);
    this.#shown.type(this.#field.value.trim() !== "");
    this.#lookOver();
  }

  /** Notes are for colleagues, who know how we talk. */
  #lookOver() {
    this.#voice.look(this.mode === "reply" ? (this.#shown?.id ?? "") : "");
  }

  /** The server counts code points. */
  #measure() {
    const left = LIMIT - [...this.#field.value.trim()].length;
    const over = `Too long by ${(-left).toLocaleString()}. Please shorten it, or send it in two messages.`;
    setText(this.#count, left > LIMIT - COUNT_FROM ? "" : left < 0 ? over : `${left} characters left`);
    const variable = this.#variable;
    const isBusy = this.#enclosures?.isBusy;
    this.#send.setAttribute("aria-disabled", String(isBusy ?? false));
    setText(this.#unfilled, variable ? `Fill in ${variable[0]} before you send this.` : isBusy ? english.files.busy : "");
    this.#field.setAttribute("aria-invalid", String(left < 0 || variable !== null));
    this.#fit();
  }

  /** As high as the text, once it is in sight. */
  #fit() {
    this.#field.style.height = "auto";
    if (this.#field.scrollHeight) this.#field.style.height = `${this.#field.scrollHeight}px`;
  }
}

/** A menu of emoji, found by their names. */
async function emoji() {
  const { EMOJI } = await import("../widget/files/emoji.js");
  return EMOJI.map(([sign, name]) => {
    const draw = () => [element("span", { class: "option-head" }, element("span", { class: "emoji", "aria-hidden": "true" }, sign), element("span", {}, name))];
    return { id: sign, find: name, draw, text: sign };
  });
}

/**
 * @param {Row} row
 * @param {number} me
 */
function reason(row, me) {
  if (row.spam) return "This conversation is marked as spam. Take it out of the spam to write here.";
  if (row.status === "resolved") return "This conversation is resolved. It opens again when the customer writes.";
  if (row.handler === "bot") return "The bot answers here. Take over to write yourself: it goes silent at once.";
  if (row.handler === "queue") return "The customer waits for a person. Take over to answer.";
  return row.assignee?.id === me ? "" : `${row.assignee?.name ?? "Another agent"} answers here. You can read along.`;
}
