// What stands beside the conversation: the server writes it, this asks for it again when it may have changed.

/** @import {Composer} from "./composer.js" */
/** @import {Desk} from "./desk.js" */

import { byId, get } from "./page.js";

export class Facts {
  #desk;
  #composer;
  #pane = byId("facts", HTMLElement);
  #body = byId("facts-body", HTMLElement);
  #coming = byId("facts-coming", HTMLElement);
  #button = byId("details", HTMLButtonElement);
  #shown = "";

  /**
   * @param {Desk} desk
   * @param {Composer} composer
   * @param {(seq: number) => void} explain called with the number of one of the bot's replies
   */
  constructor(desk, composer, explain) {
    this.#desk = desk;
    this.#composer = composer;
    this.#button.onclick = () => this.show(!this.isShown);
    this.#pane.addEventListener("click", (event) => {
      if (!(event.target instanceof Element)) return;
      if (event.target.closest("[data-closes-facts]")) this.show(false);
      if (event.target.closest("[data-inserts]")) this.#insert();
      const judged = event.target.closest("[data-judges]");
      if (judged instanceof HTMLElement) this.#judge(judged.dataset.judges === "yes");
      const reply = event.target.closest("[data-explains]");
      if (reply instanceof HTMLElement) explain(Number(reply.dataset.explains));
      const macro = event.target.closest("[data-macro]");
      if (macro instanceof HTMLElement) this.run(Number(macro.dataset.macro));
    });
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

  /** @param {boolean} helpful */
  #judge(helpful) {
    if (this.#desk.current) this.#desk.send({ type: "suggestion.judge", conversation: this.#desk.current.id, helpful });
  }

  draw() {
    const { current, row, link, isMine } = this.#desk;
    const wanted = current && row && link === "up" ? `${current.id} ${row.updated_at} ${isMine}` : "";
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
      this.#body.replaceChildren(...page.body.children);
      this.#coming.hidden = true;
    } catch {
      if (wanted === this.#shown) this.#shown = "";
    }
  }
}
