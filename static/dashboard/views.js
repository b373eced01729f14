// The views with their numbers, the saved filters, and the filters of what is shown.

/** @import {Choices} from "./choices.js" */
/** @import {Desk} from "./desk.js" */
/** @import {Field} from "./filters.js" */
/** @import {SavedFilter, View} from "./protocol.js" */

import { element } from "../widget/dom.js";
import { fill } from "./choices.js";
import { FIELDS, filtersOf } from "./filters.js";
import { byId, setText } from "./page.js";
import { CHANNELS, label, languageName, PRIORITIES } from "./words.js";

/** @typedef {[string, string]} Option value and words */

const WORDS = /** @type {Record<Field, string>} */ ({
  status: "Status", assignee: "Assignee", participant: "Participant", team: "Team", label: "Label", priority: "Priority", category: "Category",
  language: "Language", channel: "Channel", page: "Page", created_from: "Begun from", created_to: "Begun until",
  active_from: "Active from", active_to: "Active until", unread: "Unread", due: "Due",
});
const STATUSES = /** @type {Option[]} */ ([["open", "With people"], ["pending", "With the bot"], ["snoozed", "Snoozed"], ["resolved", "Resolved"]]);
const ALARMS = /** @type {Option[]} */ ([["soon", "Due soon"], ["breached", "Breached"]]);

export class Views {
  #desk;
  #choices;
  #go;
  #dialog = byId("filter-dialog", HTMLDialogElement);
  #form = byId("filter-form", HTMLFormElement);
  #chips = byId("filters", HTMLElement);
  #saved = byId("saved", HTMLElement);
  #drawn = "";

  /**
   * @param {Desk} desk
   * @param {Choices} choices
   * @param {(view: string, search: URLSearchParams) => void} go
   */
  constructor(desk, choices, go) {
    this.#desk = desk;
    this.#choices = choices;
    this.#go = go;
    for (const button of this.#buttons) button.onclick = () => go(button.dataset.view ?? "", new URLSearchParams());
    byId("filter", HTMLButtonElement).onclick = () => this.#open();
    this.#form.addEventListener("submit", (event) => this.#submit(event));
    byId("save-form", HTMLFormElement).addEventListener("submit", () => this.#save());
    byId("pick", HTMLButtonElement).onclick = () => desk.bulk.choose(!desk.bulk.isOn);
    document.addEventListener("click", ({ target }) => {
      if (target instanceof Element && target.closest("[data-closes]")) target.closest("dialog")?.close();
    });
  }

  draw() {
    const { rows, listing, bulk } = this.#desk;
    const { counts, counted } = rows;
    for (const button of this.#buttons) {
      const view = /** @type {View} */ (button.dataset.view);
      const number = button.querySelector(".count");
      const isPlain = view === listing.view && !this.#activeFilter;
      if (isPlain && button.getAttribute("aria-pressed") !== "true") button.scrollIntoView({ block: "nearest", inline: "nearest" });
      button.setAttribute("aria-pressed", String(isPlain));
      if (number instanceof HTMLElement && counts) setText(number, counts[view] >= counted ? `${counts[view]}+` : String(counts[view]));
    }
    const waits = counts?.unassigned ? `(${counts.unassigned}) ` : "";
    document.title = document.title.replace(/^(\(\d+\) )?/, waits);
    byId("pick", HTMLButtonElement).setAttribute("aria-pressed", String(bulk.isOn));
    setText(byId("found", HTMLElement), listing.search.size && rows.isLoaded ? `${rows.total}${rows.total >= counted ? "+" : ""} found` : "");
    this.#drawFilters();
  }

  get #buttons() {
    return document.querySelectorAll(/** @type {"button"} */ ("button[data-view]"));
  }

  /** The saved filter that is shown, if it is just that. */
  get #activeFilter() {
    const { listing } = this.#desk;
    const same = (/** @type {SavedFilter} */ { view, query }) => view === listing.view && query === String(listing.search);
    return this.#choices.offered.filters.find(same);
  }

  #drawFilters() {
    const { listing } = this.#desk;
    const drawn = `${listing.key} ${this.#choices.version}`;
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    const active = this.#activeFilter;
    const chips = [...listing.search].map(([field, value]) => this.#chip(/** @type {Field} */ (field), value));
    this.#chips.replaceChildren(...chips, ...(chips.length ? [this.#tool("Clear", () => this.#go(listing.view, new URLSearchParams()))] : []),
      ...(chips.length && !active ? [this.#tool("Save…", () => byId("save-dialog", HTMLDialogElement).showModal())] : []));
    this.#chips.hidden = chips.length === 0;
    const { filters } = this.#choices.offered;
    this.#saved.replaceChildren(...filters.map((one) => this.#savedLine(one, one === active)));
    byId("saved-title", HTMLElement).hidden = filters.length === 0;
  }

  /**
   * @param {Field} field
   * @param {string} value
   */
  #chip(field, value) {
    const words = field === "unread" ? WORDS.unread : `${WORDS[field]}: ${this.#words(field, value)}`;
    const rest = new URLSearchParams(this.#desk.listing.search);
    rest.delete(field, value);
    const button = element("button", { type: "button", class: "chip chip-button", "aria-label": `Remove the filter ${words}` }, words, " ×");
    button.onclick = () => this.#go(this.#desk.listing.view, rest);
    return button;
  }

  /**
   * @param {string} words
   * @param {() => void} act
   */
  #tool(words, act) {
    const button = element("button", { type: "button", class: "link" }, words);
    button.onclick = act;
    return button;
  }

  /**
   * @param {SavedFilter} saved
   * @param {boolean} isActive
   */
  #savedLine(saved, isActive) {
    const button = element("button", { type: "button", "aria-pressed": String(isActive) }, element("span", { class: "saved-name", dir: "auto" }, saved.name));
    button.title = saved.by ? `Shared by ${saved.by}` : saved.shared ? "Shared by you" : "Only you see it";
    button.onclick = () => this.#go(saved.view, new URLSearchParams(saved.query));
    const remove = element("button", { type: "button", class: "saved-remove", "aria-label": `Delete the filter ${saved.name}` }, "×");
    remove.onclick = () => this.#desk.send({ type: "filter.delete", filter: saved.id });
    return element("li", {}, button, ...(saved.deletable ? [remove] : []));
  }

  /**
   * @param {Field} field
   * @param {string} value
   */
  #words(field, value) {
    return this.#options(field).find(([code]) => code === value)?.[1] ?? value;
  }

  /**
   * @param {Field} field
   * @returns {Option[]}
   */
  #options(field) {
    const { agents, teams, labels, categories, languages } = this.#choices.offered;
    const named = (/** @type {{id: number, name: string}[]} */ rows) => rows.map(({ id, name }) => /** @type {Option} */ ([String(id), name]));
    /** @type {Partial<Record<Field, Option[]>>} */
    const options = {
      status: STATUSES,
      due: ALARMS,
      priority: PRIORITIES,
      assignee: [["me", "Me"], ["none", "Nobody"], ...named(agents)],
      participant: [["me", "Me"], ...named(agents)],
      team: [["none", "None"], ...named(teams)],
      label: named(labels),
      category: categories.map((code) => [code, label(code)]),
      channel: CHANNELS,
      language: languages.map((code) => [code, languageName(code)]),
    };
    return options[field] ?? [];
  }

  #open() {
    const { search } = this.#desk.listing;
    for (const field of FIELDS) {
      const control = this.#form.elements.namedItem(field);
      if (control instanceof HTMLSelectElement) fill(control, [["", "Any"], ...this.#options(field)]);
      if (control instanceof HTMLInputElement && control.type === "checkbox") control.checked = search.has(field);
      else if (control instanceof HTMLSelectElement || control instanceof HTMLInputElement) control.value = search.get(field) ?? "";
    }
    this.#dialog.showModal();
  }

  /** @param {SubmitEvent} event */
  #submit(event) {
    event.preventDefault();
    this.#dialog.close();
    const entries = [...new FormData(this.#form)].map(([name, value]) => [name, String(value)]);
    this.#go(this.#desk.listing.view, filtersOf(new URLSearchParams(entries)));
  }

  #save() {
    const name = byId("save-name", HTMLInputElement);
    const { view, search } = this.#desk.listing;
    const shared = byId("save-shared", HTMLInputElement).checked;
    if (this.#desk.send({ type: "filter.save", name: name.value.trim(), view, query: String(search), shared })) name.value = "";
  }
}
