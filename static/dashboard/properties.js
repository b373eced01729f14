// What agents set on a conversation, beside it: who has it, its team, priority and labels, spam, blocked contact.

/** @import {Choices} from "./choices.js" */
/** @import {Desk} from "./desk.js" */
/** @import {LabelDialog} from "./labels.js" */
/** @import {Row} from "./protocol.js" */

import { element } from "../widget/dom.js";
import { fill } from "./choices.js";
import { byId, setText } from "./page.js";
import { labelChip, PRIORITIES } from "./words.js";

export class Properties {
  #desk;
  #choices;
  #section = byId("properties", HTMLElement);
  #assignee = byId("assignee", HTMLSelectElement);
  #team = byId("team", HTMLSelectElement);
  #priority = byId("priority", HTMLSelectElement);
  #labels = byId("labels", HTMLElement);
  #participants = byId("participants", HTMLElement);
  #follow = byId("follow", HTMLButtonElement);
  #spam = byId("spam", HTMLButtonElement);
  #block = byId("block", HTMLButtonElement);

  /**
   * @param {Desk} desk
   * @param {Choices} choices
   * @param {LabelDialog} labelDialog
   */
  constructor(desk, choices, labelDialog) {
    this.#desk = desk;
    this.#choices = choices;
    fill(this.#priority, PRIORITIES);
    this.#assignee.onchange = () => this.#assign(this.#assignee.value);
    this.#team.onchange = () => desk.change("conversation.route", { team: Number(this.#team.value) || null });
    this.#priority.onchange = () => desk.change("conversation.prioritise", { priority: this.#priority.value });
    this.#follow.onclick = () => desk.change("conversation.follow", { on: !this.#follows });
    this.#spam.onclick = () => desk.change("conversation.spam", { on: !desk.row?.spam });
    this.#block.onclick = () => desk.change("contact.block", { on: !desk.row?.contact.blocked });
    byId("edit-labels", HTMLButtonElement).onclick = () =>
      labelDialog.open(desk.row?.labels ?? [], (label, on) => desk.change("conversation.label", { label, on }));
  }

  get #follows() {
    return this.#desk.row?.participants.some(({ id }) => id === this.#desk.me) ?? false;
  }

  draw() {
    const { row } = this.#desk;
    this.#section.hidden = !row;
    if (!row) return;
    this.#drawSelects(row);
    this.#labels.replaceChildren(...row.labels.map((label) => element("li", {}, labelChip(label))));
    this.#labels.hidden = row.labels.length === 0;
    const names = row.participants.map(({ id, name }) => (id === this.#desk.me ? "You" : name));
    setText(this.#participants, names.join(", ") || "Nobody");
    setText(this.#follow, this.#follows ? "Unfollow" : "Follow");
    setText(this.#spam, row.spam ? "Not spam" : "Mark as spam");
    setText(this.#block, row.contact.blocked ? "Unblock contact" : "Block contact");
    this.#block.classList.toggle("button-danger", !row.contact.blocked);
  }

  /** @param {Row} row */
  #drawSelects(row) {
    const { agents, teams } = this.#choices.offered;
    const isDone = row.status === "resolved";
    const bot = /** @type {[string, string][]} */ (row.handler === "bot" ? [["bot", "The bot"]] : []);
    const people = agents.map(({ id, name }) => /** @type {[string, string]} */ ([String(id), name]));
    const gone = row.assignee && !agents.some(({ id }) => id === row.assignee?.id) ? row.assignee : null;
    fill(this.#assignee, [...bot, ["", "Nobody"], ...people, ...(gone ? [/** @type {[string, string]} */ ([String(gone.id), gone.name])] : [])]);
    fill(this.#team, [["", "None"], ...teams.map(({ id, name }) => /** @type {[string, string]} */ ([String(id), name]))]);
    this.#assignee.value = row.handler === "bot" ? "bot" : String(row.assignee?.id ?? "");
    this.#team.value = String(row.team?.id ?? "");
    this.#priority.value = row.priority;
    this.#assignee.disabled = this.#team.disabled = isDone;
  }

  /** @param {string} value */
  #assign(value) {
    if (value !== "bot") this.#desk.change("conversation.assign", { agent: Number(value) || null });
  }
}
