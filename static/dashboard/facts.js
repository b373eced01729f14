// What stands beside the conversation: the server writes it, this asks for it again when it may have changed.

/** @import {Composer} from "./composer.js" */
/** @import {Desk} from "./desk.js" */
/** @import {PieceDialog} from "./piece.js" */

import { byId, get } from "./page.js";
import { localise } from "./times.js";

export class Facts {
  #desk;
  #composer;
  #pieces;
  #pane = byId("facts", HTMLElement);
  #body = byId("facts-body", HTMLElement);
  #coming = byId("facts-coming", HTMLElement);
  #button = byId("details", HTMLButtonElement);
  #shown = "";

  /**
   * @param {Desk} desk
   * @param {Composer} composer
   * @param {PieceDialog} pieces
   * @param {(seq: number) => void} explain called with the number of one of the bot's replies
   */
  constructor(desk, composer, pieces, explain) {
    this.#desk = desk;
    this.#composer = composer;
    this.#pieces = pieces;
    this.#button.onclick = () => this.show(!this.isShown);
    this.#pane.addEventListener("click", (event) => {
      if (!(event.target instanceof Element)) return;
      if (event.target.closest("[data-closes-facts]")) this.show(false);
      if (event.target.closest("[data-inserts]")) this.#insert();
      const judged = event.target.closest("[data-judges]");
      if (judged instanceof HTMLElement) this.#judge(judged.dataset.judges === "yes");
      const reply = event.target.closest("[data-explains]");
      if (reply instanceof HTMLElement) explain(Number(reply.dataset.explains));
      const piece = event.target.closest("[data-piece]");
      if (piece instanceof HTMLElement) pieces.open(piece.dataset.piece ?? "");
      const macro = event.target.closest("[data-macro]");
      if (macro instanceof HTMLElement) this.run(Number(macro.dataset.macro));
    });
    this.#body.addEventListener("submit", (event) => this.#post(event));
  }

  /** On a narrow screen they lie over the conversation. */
  get isShown() {
    return this.#pane.classList.contains("shown");
  }

  /**
   * @param {boolean} on
   * @param {boolean} takeFocus
   */
  show(on, takeFocus = true) {
    this.#pane.classList.toggle("shown", on);
    this.#button.setAttribute("aria-expanded", String(on));
    if (takeFocus) (on ? this.#pane : this.#button).focus();
  }

  /** What can be done with one click: [id, name]. */
  get macros() {
    const buttons = [...this.#pane.querySelectorAll(/** @type {"button"} */ ("button[data-macro]"))];
    return buttons.map((button) => /** @type {[number, string]} */ ([Number(button.dataset.macro), button.textContent ?? ""]));
  }

  /** @param {number} macro */
  run(macro) {
    if (this.isShown) this.show(false);
    if (this.#desk.current) this.#desk.macros.run(this.#desk.current.id, macro);
  }

  /** The suggested reply goes to where the agent writes, and no further. */
  #insert() {
    const words = this.#pane.querySelector("[data-suggestion]")?.textContent ?? "";
    if (this.isShown) this.show(false);
    this.#composer.insert(words.trim());
    if (this.#desk.current) this.#desk.send({ type: "suggestion.insert", conversation: this.#desk.current.id });
  }

  /** A form that is done at once: a task that is added or ticked. @param {SubmitEvent} event */
  async #post(event) {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || !form.dataset.posts) return;
    event.preventDefault();
    const isDone = await this.#pieces.post(form.dataset.posts, new FormData(form));
    const line = document.getElementById("task-line");
    if (isDone && form.elements.namedItem("title") && line instanceof HTMLInputElement) line.value = "";
  }

  /** @param {boolean} helpful */
  #judge(helpful) {
    if (this.#desk.current) this.#desk.send({ type: "suggestion.judge", conversation: this.#desk.current.id, helpful });
  }

  draw() {
    const { current, row, link, isMine } = this.#desk;
    const wanted = current && row && link === "up" ? `${current.id} ${row.updated_at} ${isMine} ${this.#desk.taskNews}` : "";
    if (!this.#shown.startsWith(current?.id ?? " ")) this.#clear();
    if (!current || !wanted || wanted === this.#shown) return;
    this.#shown = wanted;
    this.#load(current.id, wanted);
  }

  #clear() {
    this.#shown = "";
    this.#body.replaceChildren();
    this.#coming.hidden = !this.#desk.current;
  }

  /**
   * @param {string} id
   * @param {string} wanted
   */
  async #load(id, wanted) {
    try {
      const page = new DOMParser().parseFromString(await (await get(`${id}/facts/`)).text(), "text/html");
      if (wanted !== this.#shown) return;
      this.#show(page);
      this.#coming.hidden = true;
    } catch {
      if (wanted === this.#shown) this.#shown = "";
    }
  }

  /** What stands in the line of a new task is kept, and so is the focus. @param {Document} page */
  #show(page) {
    const written = this.#body.querySelector(/** @type {"input"} */ ("input#task-line"));
    const hasFocus = written !== null && written === document.activeElement;
    this.#body.replaceChildren(...page.body.children);
    localise(this.#body);
    const line = this.#body.querySelector(/** @type {"input"} */ ("input#task-line"));
    if (!line || !written) return;
    line.value = written.value;
    if (hasFocus) line.focus();
  }
}
