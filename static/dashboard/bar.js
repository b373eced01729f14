// The command bar: every command that can be done now, and the conversations, found by typing.

/** @import {Choice} from "./combobox.js" */
/** @import {Desk} from "./desk.js" */
/** @import {Command} from "./keys.js" */
/** @import {Row} from "./protocol.js" */

import { element } from "../widget/dom.js";
import { Combobox } from "./combobox.js";
import { canRun, caps } from "./keys.js";
import { byId } from "./page.js";

export class CommandBar {
  #desk;
  #offered;
  /** @type {Command[]} */
  #commands = [];
  #open;
  #dialog = byId("bar", HTMLDialogElement);
  #combobox;

  /**
   * @param {Desk} desk
   * @param {() => Command[]} offered
   * @param {(id: string) => void} open called with a conversation to open
   */
  constructor(desk, offered, open) {
    this.#desk = desk;
    this.#offered = offered;
    this.#open = open;
    this.#combobox = new Combobox(byId("bar-search", HTMLInputElement), byId("bar-options", HTMLElement), byId("bar-status", HTMLElement), {
      chosen: (id) => this.#choose(id),
      left: () => this.#dialog.close(),
    });
    this.#dialog.addEventListener("click", ({ target }) => {
      if (target === this.#dialog) this.#dialog.close();
    });
  }

  /** With what is known at once, and all that is open a moment later. */
  async show() {
    this.#commands = this.#offered().filter(canRun);
    this.#combobox.offer(this.#choices());
    this.#dialog.showModal();
    await this.#desk.loadAll();
    if (this.#dialog.open) this.#combobox.extend(this.#choices());
  }

  #choices() {
    return [...this.#commands.map(commandChoice), ...this.#desk.rows.all.map(conversationChoice)];
  }

  /** @param {string} id */
  #choose(id) {
    this.#dialog.close();
    const command = this.#commands[Number(id)];
    if (command) command.run();
    else this.#open(id);
  }
}

/**
 * @param {Command} command
 * @param {number} index
 * @returns {Choice}
 */
function commandChoice({ title, keys }, index) {
  const draw = () => [element("span", { class: "option-head" }, element("span", {}, title), element("span", { class: "option-keys" }, ...caps(keys)))];
  return { id: String(index), find: title, draw };
}

/**
 * @param {Row} row
 * @returns {Choice}
 */
function conversationChoice({ id, contact, preview }) {
  const name = element("span", { class: "option-head" }, element("span", { dir: "auto" }, contact.name));
  return { id, find: `${contact.name} ${preview}`, draw: () => [name, element("span", { class: "option-text", dir: "auto" }, preview)] };
}
