// What can be done to all conversations that are chosen.

/** @import {Choices} from "./choices.js" */
/** @import {Desk} from "./desk.js" */
/** @import {SnoozeDialog} from "./snooze.js" */

import { fill } from "./choices.js";
import { byId, get, setText } from "./page.js";
import { PRIORITIES } from "./words.js";

export class BulkBar {
  #desk;
  #choices;
  #bar = byId("bulk", HTMLElement);
  #all = byId("bulk-all", HTMLButtonElement);
  #assign = byId("bulk-assign", HTMLSelectElement);
  #label = byId("bulk-label", HTMLSelectElement);
  #priority = byId("bulk-priority", HTMLSelectElement);

  /**
   * @param {Desk} desk
   * @param {Choices} choices
   * @param {SnoozeDialog} snoozeDialog
   */
  constructor(desk, choices, snoozeDialog) {
    this.#desk = desk;
    this.#choices = choices;
    const { bulk } = desk;
    this.#all.onclick = () => this.#chooseAll();
    byId("bulk-none", HTMLButtonElement).onclick = () => bulk.choose(false);
    byId("bulk-resolve", HTMLButtonElement).onclick = () => bulk.run({ type: "conversation.resolve" });
    byId("bulk-spam", HTMLButtonElement).onclick = () => bulk.run({ type: "conversation.spam", on: true });
    byId("bulk-snooze", HTMLButtonElement).onclick = () =>
      snoozeDialog.open((until) => bulk.run({ type: "conversation.snooze", until }));
    this.#onChoice(this.#assign, (value) => this.#pass(value));
    this.#onChoice(this.#label, (value) => bulk.run({ type: "conversation.label", label: Number(value), on: true }));
    this.#onChoice(this.#priority, (value) => bulk.run({ type: "conversation.prioritise", priority: value }));
  }

  draw() {
    const { bulk, rows } = this.#desk;
    const { agents, teams, labels } = this.#choices.offered;
    const count = bulk.ids.size;
    this.#bar.hidden = !bulk.isOn && !bulk.result;
    setText(byId("bulk-count", HTMLElement), bulk.result || (count ? `${count} chosen` : "Choose conversations"));
    byId("bulk-tools", HTMLElement).hidden = !bulk.isOn;
    setText(this.#all, `Choose all ${rows.total}${rows.total >= rows.counted ? "+" : ""}`);
    fill(this.#assign, [
      ["", "Assign…"], ["agent:", "Nobody"],
      ...agents.map(({ id, name }) => /** @type {[string, string]} */ ([`agent:${id}`, name])),
      ...teams.map(({ id, name }) => /** @type {[string, string]} */ ([`team:${id}`, `Team ${name}`])),
    ]);
    fill(this.#label, [["", "Label…"], ...labels.map(({ id, name }) => /** @type {[string, string]} */ ([String(id), name]))]);
    fill(this.#priority, [["", "Priority…"], ...PRIORITIES]);
    for (const part of this.#bar.querySelectorAll("[data-changes]")) part.toggleAttribute("disabled", bulk.isRunning || count === 0);
  }

  /**
   * @param {HTMLSelectElement} select that does something as soon as a choice is made
   * @param {(value: string) => void} act
   */
  #onChoice(select, act) {
    select.onchange = () => {
      const { value } = select;
      select.value = "";
      if (value) act(value);
    };
  }

  /** @param {string} value kind and number of whom it goes to */
  #pass(value) {
    const [kind, id] = value.split(":");
    if (kind === "team") this.#desk.bulk.run({ type: "conversation.route", team: Number(id) });
    else this.#desk.bulk.run({ type: "conversation.assign", agent: Number(id) || null });
  }

  async #chooseAll() {
    const { bulk, listing } = this.#desk;
    try {
      bulk.add((await (await get("conversations/ids/", listing.query)).json()).ids);
    } catch {
      this.#desk.tell("There is no connection now. Please try again in a moment.");
    }
  }
}
