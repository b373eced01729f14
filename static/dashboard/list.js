// The list of conversations: views with their counts, rows, movement by arrow keys (one row is in the tab order).

/** @import {Desk} from "./desk.js" */
/** @import {Row, View} from "./protocol.js" */

import { element } from "../widget/dom.js";
import { icon } from "./icons.js";
import { address, byId, setText } from "./page.js";
import { holder, label, waiting, waitsLong, when } from "./words.js";

const STEPS = /** @type {Record<string, number>} */ ({ ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity });

/** @type {Record<View, [string, string]>} */
const EMPTY = {
  unassigned: ["Nobody waits", "When the bot hands a conversation off, it appears here at once."],
  mine: ["You have no conversation", "Take one over from Unassigned or All, and it is yours."],
  all: ["No conversation yet", "As soon as a customer writes, the conversation is here."],
  resolved: ["Nothing is resolved yet", "Conversations that you resolve are kept here."],
};

export class List {
  #desk;
  #open;
  #list = byId("rows", HTMLElement);
  #empty = byId("rows-empty", HTMLElement);
  #more = byId("more", HTMLElement);
  /** @type {Map<string, {line: HTMLElement, drawn: string}>} */
  #lines = new Map();
  #roving = "";

  /**
   * @param {Desk} desk
   * @param {(id: string) => void} open
   * @param {(view: string) => void} choose
   */
  constructor(desk, open, choose) {
    this.#desk = desk;
    this.#open = open;
    this.#list.addEventListener("click", (event) => this.#click(event));
    this.#list.addEventListener("keydown", (event) => this.#key(event));
    this.#list.addEventListener("focusin", (event) => this.#rove(idOf(event.target)));
    for (const button of this.#buttons) button.onclick = () => choose(button.dataset.view ?? "");
  }

  draw() {
    const rows = this.#desk.rows.of(this.#desk.view);
    this.#drawViews();
    this.#arrange(rows.map((row) => this.#line(row)));
    this.#rove(this.#roving, rows.map(({ id }) => id));
    this.#drawEnd(rows.length);
  }

  /** @param {string} id */
  focus(id) {
    this.#lines.get(id)?.line.querySelector("a")?.focus();
  }

  get #buttons() {
    return document.querySelectorAll(/** @type {"button"} */ ("button[data-view]"));
  }

  #drawViews() {
    const { counts, counted } = this.#desk.rows;
    for (const button of this.#buttons) {
      const view = /** @type {View} */ (button.dataset.view);
      const count = counts?.[view] ?? 0;
      const number = button.querySelector("span");
      button.setAttribute("aria-pressed", String(view === this.#desk.view));
      if (number && counts) setText(number, count >= counted ? `${count}+` : String(count));
    }
    const waits = counts?.unassigned ? `(${counts.unassigned}) ` : "";
    document.title = document.title.replace(/^(\(\d+\) )?/, waits);
  }

  /** @param {number} shown */
  #drawEnd(shown) {
    const { rows, view } = this.#desk;
    const [title, words] = EMPTY[view];
    const total = rows.counts?.[view] ?? 0;
    const [head, line] = this.#empty.children;
    head.textContent = title;
    line.textContent = words;
    this.#empty.hidden = shown > 0 || !rows.isLoaded(view);
    this.#more.hidden = total <= shown || shown === 0;
    setText(this.#more, `The first ${shown} are shown.`);
  }

  /** @param {Row} row */
  #line(row) {
    const known = this.#lines.get(row.id) ?? { line: element("li"), drawn: "" };
    const isOpen = row.id === this.#desk.current?.id;
    const drawn = JSON.stringify([row, isOpen, waiting(row), when(row.updated_at)]);
    if (drawn !== known.drawn) this.#fill(known.line, row, isOpen);
    this.#lines.set(row.id, { ...known, drawn });
    return known.line;
  }

  /**
   * @param {HTMLElement} line
   * @param {Row} row
   * @param {boolean} isOpen
   */
  #fill(line, row, isOpen) {
    const link = line.querySelector("a") ?? line.appendChild(element("a", { class: "row", tabindex: "-1" }));
    link.href = address(`${row.id}/`);
    link.dataset.id = row.id;
    link.classList.toggle("unread", row.unread > 0);
    if (isOpen) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
    const time = element("time", { datetime: row.updated_at }, when(row.updated_at));
    const name = element("span", { class: "row-name", dir: "auto" }, row.contact.name);
    const dot = element("span", { class: "dot" }, element("span", { class: "visually-hidden" }, "Unread"));
    const preview = element("span", { class: "row-preview", dir: "auto" }, row.preview);
    link.replaceChildren(
      element("span", { class: "avatar", "aria-hidden": "true" }, [...row.contact.name][0] ?? "?"),
      element("span", { class: "row-top" }, name, ...(row.contact.verified ? [badge()] : []), time),
      element("span", { class: "row-middle" }, preview, ...(row.unread ? [dot] : [])),
      element("span", { class: "row-chips" }, ...this.#chips(row)),
    );
  }

  /** @param {Row} row */
  #chips(row) {
    const symbol = row.status === "resolved" ? "check" : row.handler;
    const isMine = row.assignee?.id === this.#desk.me;
    const has = element("span", { class: `chip holder ${symbol}${isMine ? " mine" : ""}` }, icon(symbol), holder(row, this.#desk.me));
    const wait = element("span", { class: `wait${waitsLong(row) ? " long" : ""}` }, waiting(row));
    const category = row.category ? [element("span", { class: "chip" }, label(row.category))] : [];
    return [has, ...category, ...(row.waiting_since ? [wait] : [])];
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
    if (focused && idOf(document.activeElement) !== focused) this.focus(focused);
  }

  /**
   * @param {string} id
   * @param {string[]} ids
   */
  #rove(id, ids = this.#ids) {
    const candidates = [id, this.#desk.current?.id ?? "", ids[0] ?? ""];
    this.#roving = candidates.find((candidate) => ids.includes(candidate)) ?? "";
    for (const link of this.#list.querySelectorAll("a")) link.tabIndex = link.dataset.id === this.#roving ? 0 : -1;
  }

  get #ids() {
    return this.#desk.rows.of(this.#desk.view).map(({ id }) => id);
  }

  /** @param {MouseEvent} event */
  #click(event) {
    const id = idOf(event.target);
    if (!id || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    this.#open(id);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const step = STEPS[event.key];
    if (step === undefined || event.altKey || event.ctrlKey) return;
    event.preventDefault();
    const ids = this.#ids;
    const at = Math.min(ids.length - 1, Math.max(0, ids.indexOf(this.#roving) + step));
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
  const link = target instanceof Element ? target.closest("a[data-id]") : null;
  return link instanceof HTMLElement ? (link.dataset.id ?? "") : "";
}
