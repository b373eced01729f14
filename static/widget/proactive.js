// What the widget says by itself: a few words beside the launcher, by the workspace's rules, once to each visitor.
// Fetched only where a workspace has such rules; remembers in the browser what was said, and counts visits if it has to.

/** @import {Proactive, Widget} from "./protocol.js" */

import { element, icon, styleSheet } from "./dom.js";
import { speak, words } from "./texts.js";

const SECOND = 1_000;
const SHEET = `{proactive.css}`;

/**
 * @param {Widget} widget
 * @param {Proactive[]} rules
 * @param {{open: () => void, on: (event: string, listener: () => void) => unknown}} page the public functions
 */
export async function watch(widget, rules, page) {
  const memory = new Memory(`supportbot:${widget.workspace}`);
  const visits = rules.some((rule) => rule.visits > 1) ? memory.visit() : 1;
  const next = rules.filter((rule) => rule.visits <= visits && isHere(rule) && !memory.said.includes(rule.id));
  if (!next.length) return;
  const box = element("div");
  box.attachShadow({ mode: "open" }).adoptedStyleSheets = [styleSheet(SHEET)];
  box.dataset.side = /** @type {HTMLElement} */ (widget.root.host).dataset.side;
  const timers = next.map((rule) => setTimeout(() => say(rule), rule.after * SECOND));
  let isOpen = widget.root.querySelector("dialog[open]") !== null;
  page.on("close", () => (isOpen = false));
  page.on("open", () => {
    isOpen = true;
    box.remove();
  });

  /** @param {Proactive} rule */
  async function say(rule) {
    await speak(widget.language);
    if (isOpen || box.isConnected || memory.said.includes(rule.id)) return;
    memory.keep(rule.id);
    for (const timer of timers) clearTimeout(timer);
    box.shadowRoot?.replaceChildren(bubble(rule.text));
    widget.root.append(box);
  }

  /** @param {string} text */
  function bubble(text) {
    const said = element("button", { type: "button", class: "words", dir: "auto" }, text);
    const close = element("button", { type: "button", class: "close", "aria-label": words.dismiss }, icon("close"));
    said.onclick = () => {
      widget.said = text;
      page.open();
    };
    close.onclick = () => {
      box.remove();
      widget.launcher.focus();
    };
    return element("aside", { "aria-label": words.fromChat, "aria-live": "polite" }, said, close);
  }
}

/** @param {Proactive} rule */
function isHere({ page }) {
  const pattern = page.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*");
  return new RegExp(`^${pattern}$`).test(location.pathname);
}

/** Where storage is blocked, a page's own memory has to do. */
class Memory {
  #key;
  /** @type {number[]} */
  #said = [];

  /** @param {string} key */
  constructor(key) {
    this.#key = key;
  }

  get said() {
    return [...this.#said, ...this.#read("said", /** @type {number[]} */ ([]))];
  }

  /** @param {number} id */
  keep(id) {
    this.#write("said", [...this.said, id]);
    this.#said.push(id);
  }

  /** How many times the visitor was here, this one included: a visit ends with the browser's session. */
  visit() {
    const visits = this.#read("visits", 0);
    try {
      if (sessionStorage.getItem(`${this.#key}:visit`)) return visits;
      sessionStorage.setItem(`${this.#key}:visit`, "1");
    } catch {
      return 1;
    }
    this.#write("visits", visits + 1);
    return visits + 1;
  }

  /**
   * @template T
   * @param {string} name
   * @param {T} fallback
   * @returns {T}
   */
  #read(name, fallback) {
    try {
      return JSON.parse(localStorage.getItem(`${this.#key}:${name}`) ?? "null") ?? fallback;
    } catch {
      return fallback;
    }
  }

  /**
   * @param {string} name
   * @param {unknown} value
   */
  #write(name, value) {
    try {
      localStorage.setItem(`${this.#key}:${name}`, JSON.stringify(value));
    } catch {
      // The page remembers until it ends.
    }
  }
}
