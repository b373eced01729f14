// Search in all that was said and noted, in contacts and articles: what is found stands where the list was.

/** @import {Desk} from "./desk.js" */
/** @import {Found, Pieces} from "./protocol.js" */

import { element } from "../widget/dom.js";
import { byId, get, address, setText } from "./page.js";
import { when } from "./words.js";

const PAUSE = 250;

export class Search {
  #desk;
  #open;
  #field = byId("search", HTMLInputElement);
  #results = byId("results", HTMLElement);
  #status = byId("search-status", HTMLElement);
  /** @type {number | undefined} */
  #timer;
  #asked = "";

  /**
   * @param {Desk} desk
   * @param {(id: string) => void} open
   */
  constructor(desk, open) {
    this.#desk = desk;
    this.#open = open;
    this.#field.addEventListener("input", () => this.#soon());
    this.#field.addEventListener("keydown", (event) => this.#key(event));
    byId("search-form", HTMLFormElement).addEventListener("submit", (event) => this.#submit(event));
    this.#results.addEventListener("click", (event) => this.#click(event));
    this.#field.value = new URLSearchParams(location.search).get("q") ?? "";
    if (this.#field.value) this.#find();
  }

  /** Whether results stand in place of the list. */
  get isOn() {
    return this.#asked !== "";
  }

  draw() {
    this.#results.hidden = !this.isOn;
    byId("list-body", HTMLElement).hidden = this.isOn;
    for (const link of this.#results.querySelectorAll("a[data-id]")) {
      const isOpen = link instanceof HTMLElement && link.dataset.id === this.#desk.current?.id;
      if (isOpen) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  }

  /** Back to the list. */
  leave() {
    this.#field.value = "";
    this.#find();
  }

  #soon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#find(), PAUSE);
  }

  /** @param {SubmitEvent} event */
  #submit(event) {
    event.preventDefault();
    clearTimeout(this.#timer);
    this.#find();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key === "Escape" && this.#field.value) this.leave();
    else if (event.key === "ArrowDown") {
      this.#results.querySelector("a")?.focus();
      event.preventDefault();
    }
  }

  async #find() {
    const text = this.#field.value.trim();
    if (text === this.#asked) return;
    this.#asked = text;
    this.#remember(text);
    this.draw();
    if (!text) return setText(this.#status, "");
    setText(this.#status, "Searching…");
    try {
      const found = await (await get("search/", { q: text })).json();
      if (text === this.#asked) this.#show(found);
    } catch {
      if (text === this.#asked) setText(this.#status, "The search did not answer. Please try again.");
    }
  }

  /** The address keeps what is looked for. @param {string} text */
  #remember(text) {
    const search = new URLSearchParams(location.search);
    if (text) search.set("q", text);
    else search.delete("q");
    history.replaceState(null, "", `${location.pathname}${search.size ? `?${search}` : ""}`);
  }

  /** @param {Found} found */
  #show({ hits, contacts, articles }) {
    const count = hits.length + contacts.length + articles.length;
    setText(this.#status, count ? `${count} found` : "Nothing has all of these words.");
    this.#results.replaceChildren(
      ...group("Contacts", contacts.filter(({ conversations }) => conversations.length).map(({ name, snippet, conversations }) =>
        line(name, "", snippet, { href: address(`${conversations[0]}/`), "data-id": conversations[0] }))),
      ...group("Conversations", hits.map(({ row, snippet, at }) =>
        line(row.contact.name, when(at), snippet, { href: address(`${row.id}/`), "data-id": row.id }))),
      ...group("Articles", articles.map(({ title, url, snippet }) => line(title, "", snippet, { href: url, target: "_blank", rel: "noopener" }))),
    );
    this.draw();
  }

  /** @param {MouseEvent} event */
  #click(event) {
    const link = event.target instanceof Element ? event.target.closest("a[data-id]") : null;
    if (!(link instanceof HTMLElement) || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    this.#open(link.dataset.id ?? "");
  }
}

/**
 * @param {string} title
 * @param {HTMLElement[]} lines
 */
function group(title, lines) {
  return lines.length ? [element("h2", {}, title), element("ul", { role: "list" }, ...lines)] : [];
}

/**
 * @param {string} title
 * @param {string} time
 * @param {Pieces} snippet
 * @param {Record<string, string>} attributes of the link
 */
function line(title, time, snippet, attributes) {
  const words = snippet.map(([part, isMatch]) => (isMatch ? element("mark", {}, part) : part));
  const head = element("span", { class: "row-top" }, element("span", { class: "row-name", dir: "auto" }, title), element("span", { class: "found-time" }, time));
  return element("li", {}, element("a", attributes, head, element("span", { class: "found-words", dir: "auto" }, ...words)));
}
