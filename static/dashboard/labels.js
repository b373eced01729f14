// The dialog in which labels are put on and taken off, and new ones are defined.

/** @import {Choices} from "./choices.js" */
/** @import {Desk} from "./desk.js" */
/** @import {Label} from "./protocol.js" */

import { element } from "../widget/dom.js";
import { byId } from "./page.js";
import { labelChip } from "./words.js";

export class LabelDialog {
  #desk;
  #choices;
  #dialog = byId("label-dialog", HTMLDialogElement);
  #list = byId("label-list", HTMLElement);
  #name = byId("label-name", HTMLInputElement);
  #colour = byId("label-colour", HTMLSelectElement);
  /** @type {(label: number, on: boolean) => void} */
  #toggle = () => {};
  /** @type {Set<number>} */
  #on = new Set();
  #made = "";
  #drawn = "";

  /**
   * @param {Desk} desk
   * @param {Choices} choices
   */
  constructor(desk, choices) {
    this.#desk = desk;
    this.#choices = choices;
    byId("label-form", HTMLFormElement).addEventListener("submit", (event) => this.#make(event));
  }

  /**
   * @param {Label[]} labels those that are on
   * @param {(label: number, on: boolean) => void} toggle
   */
  open(labels, toggle) {
    this.#on = new Set(labels.map(({ id }) => id));
    this.#toggle = toggle;
    this.#made = this.#drawn = "";
    this.draw();
    this.#dialog.showModal();
  }

  draw() {
    const { labels } = this.#choices.offered;
    this.#putOnWhatWasMade(labels);
    const drawn = JSON.stringify([labels, [...this.#on]]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    const none = element("li", { class: "aside" }, "There is no label yet. Make the first one below.");
    this.#list.replaceChildren(...(labels.length ? labels.map((label) => this.#line(label)) : [none]));
  }

  /** @param {Label} label */
  #line(label) {
    const box = element("input", { type: "checkbox" });
    box.checked = this.#on.has(label.id);
    box.onchange = () => this.#set(label.id, box.checked);
    return element("li", {}, element("label", {}, box, labelChip(label)));
  }

  /**
   * @param {number} id
   * @param {boolean} on
   */
  #set(id, on) {
    if (on) this.#on.add(id);
    else this.#on.delete(id);
    this.#toggle(id, on);
  }

  /** @param {Label[]} labels */
  #putOnWhatWasMade(labels) {
    const made = labels.find(({ name }) => this.#made && name.toLowerCase() === this.#made.toLowerCase());
    if (!made) return;
    this.#made = "";
    if (!this.#on.has(made.id)) this.#set(made.id, true);
  }

  /** @param {Event} event */
  #make(event) {
    event.preventDefault();
    const name = this.#name.value.trim().replace(/\s+/g, " ");
    if (!name || !this.#desk.send({ type: "label.add", name, colour: this.#colour.value })) return;
    this.#made = name;
    this.#name.value = "";
    this.#name.focus();
  }
}
