// The list of conversations: rows of one height, of which only those in sight are elements; movement by arrow keys (one
// row is in the tab order), and a box to choose each.

/** @import {Desk} from "./desk.js" */
/** @import {Row, View} from "./protocol.js" */

import { element } from "../widget/dom.js";
import { icon } from "./icons.js";
import { address, byId } from "./page.js";
import { channelChip, dueChip, dueWords, holder, label, labelChip, priorityChip, snoozed, waiting, waitsLong, when } from "./words.js";

const STEPS = /** @type {Record<string, number>} */ ({ ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity });
const BEYOND = 8; // rows above and below those in sight
const AHEAD = 20; // rows before the end at which the next page is loaded

/** @type {Record<View, [string, string]>} */
const EMPTY = {
  mine: ["You have no conversation", "Take one over from Unassigned or All, and it is yours."],
  unassigned: ["Nobody waits", "When the bot hands a conversation off, it appears here at once."],
  all: ["No conversation yet", "As soon as a customer writes, the conversation is here."],
  mentions: ["Nobody has mentioned you", "Where a colleague's note mentions you, the conversation is here."],
  pending: ["The bot has none", "Conversations that the bot answers are here."],
  waiting: ["You wait for no customer", "Conversations in which people have answered last are here."],
  snoozed: ["Nothing is snoozed", "What you snooze waits here, and comes back by itself."],
  resolved: ["Nothing is resolved yet", "Conversations that you resolve are kept here."],
  spam: ["No spam", "What you mark as spam is kept here, and nobody answers it."],
};
const FILTERED = ["Nothing fits these filters", "Take one away, or choose another view."];

export class List {
  #desk;
  #open;
  #scroller = byId("scroller", HTMLElement);
  #list = byId("rows", HTMLElement);
  #empty = byId("rows-empty", HTMLElement);
  /** @type {Map<string, {line: HTMLElement, drawn: string}>} */
  #lines = new Map();
  #roving = "";
  #height = 0;
  #top = "";

  /**
   * @param {Desk} desk
   * @param {(id: string) => void} open
   */
  constructor(desk, open) {
    this.#desk = desk;
    this.#open = open;
    this.#list.addEventListener("click", (event) => this.#click(event));
    this.#scroller.addEventListener("keydown", (event) => this.#key(event));
    this.#list.addEventListener("focusin", (event) => this.#rove(idOf(event.target)));
    this.#scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    new ResizeObserver(() => this.#resized()).observe(this.#scroller);
    addEventListener("resize", () => this.#resized()); // the rows' height follows the density
  }

  draw() {
    const { shown } = this.#desk.rows;
    this.#keepPlace();
    this.#list.classList.toggle("choosing", this.#desk.bulk.isOn);
    this.#drawWindow(shown);
    this.#drawEnd(shown.length);
  }

  /** To the first row, for another listing. */
  rewind() {
    this.#top = "";
    this.#scroller.scrollTop = 0;
  }

  /** @param {string} id */
  focus(id) {
    this.#show(id);
    this.#lines.get(id)?.line.querySelector("a")?.focus({ preventScroll: true });
  }

  /** @param {Row[]} rows */
  #drawWindow(rows) {
    this.#height ||= this.#measure(rows);
    const { scrollTop, clientHeight } = this.#scroller;
    const from = Math.max(0, Math.floor(scrollTop / (this.#height || 1)) - BEYOND);
    const to = Math.min(rows.length, from + Math.ceil(clientHeight / (this.#height || 90)) + 2 * BEYOND);
    this.#list.style.paddingTop = `${from * this.#height}px`;
    this.#list.style.paddingBottom = `${(rows.length - to) * this.#height}px`;
    const focused = rows.find(({ id }) => id === idOf(document.activeElement));
    const window = rows.slice(from, to);
    this.#arrange(window.map((row, index) => this.#line(row, from + index, rows.length)));
    if (focused && !window.includes(focused)) this.#scroller.focus({ preventScroll: true });
    this.#forget(new Set(window.map(({ id }) => id)));
    this.#rove(this.#roving, window.map(({ id }) => id));
    if (this.#desk.rows.hasMore && to > rows.length - AHEAD) this.#desk.rows.more();
  }

  /** All rows are as high as the first. @param {Row[]} rows */
  #measure(rows) {
    if (rows.length === 0) return 0;
    this.#arrange([this.#line(rows[0], 0, rows.length)]);
    return this.#list.firstElementChild?.getBoundingClientRect().height ?? 0;
  }

  #resized() {
    this.#height = 0;
    this.draw();
  }

  #scrolled() {
    const { shown } = this.#desk.rows;
    this.#top = this.#scroller.scrollTop > 0 ? (shown[Math.floor(this.#scroller.scrollTop / (this.#height || 1))]?.id ?? "") : "";
    this.#drawWindow(shown);
  }

  /** Rows that come in above must not push away what the agent reads. */
  #keepPlace() {
    if (!this.#top) return;
    const at = this.#desk.rows.shown.findIndex(({ id }) => id === this.#top);
    const before = Math.floor(this.#scroller.scrollTop / (this.#height || 1));
    if (at >= 0 && at !== before) {
      this.#list.style.paddingBottom = `${this.#desk.rows.shown.length * this.#height}px`;
      this.#scroller.scrollTop += (at - before) * this.#height;
    }
  }

  /** Bring a row into sight. @param {string} id */
  #show(id) {
    const at = this.#desk.rows.shown.findIndex((row) => row.id === id);
    if (at < 0) return;
    const { scrollTop, clientHeight } = this.#scroller;
    const [above, below] = [at * this.#height, (at + 1) * this.#height - clientHeight];
    if (scrollTop > above) this.#scroller.scrollTop = above;
    else if (scrollTop < below) this.#scroller.scrollTop = below;
    this.#drawWindow(this.#desk.rows.shown);
  }

  /** @param {number} shown */
  #drawEnd(shown) {
    const { rows, listing } = this.#desk;
    const [title, words] = listing.search.size ? FILTERED : EMPTY[listing.view];
    const [head, line] = this.#empty.children;
    head.textContent = title;
    line.textContent = words;
    this.#empty.hidden = shown > 0 || !rows.isLoaded;
    this.#scroller.hidden = shown === 0;
    byId("rows-coming", HTMLElement).hidden = shown > 0 || rows.isLoaded;
  }

  /**
   * @param {Row} row
   * @param {number} place
   * @param {number} size
   */
  #line(row, place, size) {
    const known = this.#lines.get(row.id) ?? { line: element("li"), drawn: "" };
    const isOpen = row.id === this.#desk.current?.id;
    const isChosen = this.#desk.bulk.ids.has(row.id);
    const hasDraft = this.#desk.rows.hasDraft(row.id);
    const drawn = JSON.stringify([row, isOpen, isChosen, hasDraft, waiting(row), row.due.map(dueWords), when(row.active_at)]);
    if (drawn !== known.drawn) this.#fill(known.line, row, isOpen, isChosen);
    known.line.setAttribute("aria-posinset", String(place + 1));
    known.line.setAttribute("aria-setsize", String(this.#desk.rows.hasMore ? -1 : size));
    this.#lines.set(row.id, { ...known, drawn });
    return known.line;
  }

  /**
   * @param {HTMLElement} line
   * @param {Row} row
   * @param {boolean} isOpen
   * @param {boolean} isChosen
   */
  #fill(line, row, isOpen, isChosen) {
    const link = line.querySelector("a") ?? line.appendChild(element("a", { class: "row", tabindex: "-1" }));
    const box = line.querySelector("input") ?? line.appendChild(element("input", { type: "checkbox", class: "pick", tabindex: "-1" }));
    box.setAttribute("aria-label", `Choose ${row.contact.name}`);
    box.dataset.id = row.id;
    box.checked = isChosen;
    link.href = address(`${row.id}/`);
    link.dataset.id = row.id;
    link.classList.toggle("unread", row.unread > 0 || this.#calls(row));
    if (isOpen) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
    const time = element("time", { datetime: row.active_at }, when(row.active_at));
    const name = element("span", { class: "row-name", dir: "auto" }, row.contact.name);
    const preview = element("span", { class: "row-preview", dir: "auto" }, row.preview);
    link.replaceChildren(
      element("span", { class: "avatar", "aria-hidden": "true" }, [...row.contact.name][0] ?? "?"),
      element("span", { class: "row-top" }, name, ...(row.contact.verified ? [badge()] : []), time),
      element("span", { class: "row-middle" }, preview, ...this.#marks(row)),
      element("span", { class: "row-chips" }, ...this.#chips(row)),
    );
  }

  /** @param {Row} row */
  #calls(row) {
    return row.mentions.some(({ id, seen }) => id === this.#desk.me && !seen);
  }

  /** @param {Row} row */
  #marks(row) {
    const dot = (/** @type {string} */ kind, /** @type {string} */ words, /** @type {string} */ sign) =>
      element("span", { class: kind }, sign, element("span", { class: "visually-hidden" }, words));
    return [...(this.#calls(row) ? [dot("dot call", "Mentions you", "@")] : []), ...(row.unread ? [dot("dot", "Unread", "")] : [])];
  }

  /** @param {Row} row */
  #chips(row) {
    const team = row.team ? [element("span", { class: "chip" }, row.team.name)] : [];
    const category = row.category ? [element("span", { class: "chip" }, label(row.category))] : [];
    const draft = this.#desk.rows.hasDraft(row.id) ? [element("span", { class: "chip draft" }, "Draft")] : [];
    return [...draft, ...this.#standing(row), ...row.due.slice(0, 1).map(dueChip), ...priorityChip(row.priority), ...channelChip(row.channel), ...row.labels.map(labelChip), ...team, ...category];
  }

  /** Who has it, and how long it waits or sleeps; where nobody has it, that alone. @param {Row} row */
  #standing(row) {
    const isSnoozed = row.status === "snoozed";
    const waits = row.waiting_since && row.status === "open" && !row.due.some(({ what }) => what === "reply");
    const time = isSnoozed ? snoozed(row) : waits ? waiting(row) : "";
    const long = waits && waitsLong(row) ? " long" : "";
    const sign = row.status === "resolved" ? "check" : isSnoozed ? "queue" : row.handler;
    const isMine = row.assignee?.id === this.#desk.me;
    const chip = (/** @type {string} */ classes, /** @type {string} */ words) =>
      element("span", { class: `chip holder ${isSnoozed ? "" : sign}${classes}` }, icon(sign), words);
    if (time && row.handler === "queue" && !row.spam) return [chip(long, time)];
    const has = chip(isMine ? " mine" : "", holder(row, this.#desk.me));
    return time ? [has, element("span", { class: `wait${long}` }, time)] : [has];
  }

  /**
   * A node that is moved loses the focus, so only what stands elsewhere is moved.
   * @param {HTMLElement[]} lines
   */
  #arrange(lines) {
    const focused = idOf(document.activeElement);
    const wanted = new Set(lines);
    for (const child of [...this.#list.children]) if (!wanted.has(/** @type {HTMLElement} */ (child))) child.remove();
    lines.forEach((line, index) => {
      if (this.#list.children[index] !== line) this.#list.insertBefore(line, this.#list.children[index] ?? null);
    });
    if (focused && idOf(document.activeElement) !== focused) this.#lines.get(focused)?.line.querySelector("a")?.focus({ preventScroll: true });
  }

  /** @param {Set<string>} ids that are in sight */
  #forget(ids) {
    for (const id of this.#lines.keys()) if (!ids.has(id)) this.#lines.delete(id);
  }

  /**
   * @param {string} id
   * @param {string[]} ids that are elements
   */
  #rove(id, ids = [...this.#lines.keys()]) {
    const candidates = [id, this.#desk.current?.id ?? "", ids[0] ?? ""];
    this.#roving = candidates.find((candidate) => ids.includes(candidate)) ?? "";
    for (const part of this.#list.querySelectorAll("a, input")) {
      if (part instanceof HTMLElement) part.tabIndex = part.dataset.id === this.#roving ? 0 : -1;
    }
  }

  /** @param {MouseEvent} event */
  #click(event) {
    const { target, shiftKey } = event;
    const id = idOf(target);
    if (target instanceof HTMLInputElement) return this.#desk.bulk.toggle(id, target.checked, this.#ids, shiftKey);
    if (!id || event.ctrlKey || event.metaKey || shiftKey) return;
    event.preventDefault();
    this.#open(id);
  }

  get #ids() {
    return this.#desk.rows.shown.map((row) => row.id);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const step = STEPS[event.key];
    if (step === undefined || event.altKey || event.ctrlKey) return;
    event.preventDefault();
    const ids = this.#ids;
    const at = Math.min(ids.length - 1, Math.max(0, ids.indexOf(idOf(event.target) || this.#roving) + step));
    this.focus(ids[at] ?? "");
  }
}

/** The workspace's own site vouches for this customer. */
function badge() {
  const words = element("span", { class: "visually-hidden" }, "Verified");
  return element("span", { class: "verified", title: "Your site vouches for this customer" }, icon("check"), words);
}

/** @param {unknown} target */
function idOf(target) {
  const part = target instanceof Element ? target.closest("[data-id]") : null;
  return part instanceof HTMLElement ? (part.dataset.id ?? "") : "";
}
