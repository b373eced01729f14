// The open conversation as a scrolling list: days, groups, dots; stays at the end unless the agent has scrolled up.

/** @import {Item} from "./items.js" */
/** @import {Wishes} from "./bubble.js" */
/** @import {Transcript} from "./transcript.js" */

import { element } from "../widget/dom.js";
import { dayOf } from "../widget/text.js";
import { Bubble, writing } from "./bubble.js";
import { byId } from "./page.js";

const GROUP_FOR = 5 * 60_000;
const NEAR_END = 60;
const LINES = new Set(["system", "activity"]);

export class Thread {
  /** @type {Transcript | null} */
  #shown = null;
  /** @type {Map<string, Bubble>} */
  #bubbles = new Map();
  /** @type {Map<string, HTMLElement>} days and dots, kept so that they do not flicker */
  #marks = new Map();
  #list = element("ol", { class: "thread", role: "list" });
  #scroller = element("div", { class: "scroller", tabindex: "0", role: "region", "aria-label": "Messages" });
  #coming = byId("talk-coming", HTMLElement);
  #pill = element("button", { type: "button", class: "pill", hidden: "" }, "New message");
  #atEnd = true;
  #lastKey = "";

  #wishes;

  /**
   * @param {HTMLElement} stage
   * @param {Pick<Wishes, "undo" | "explain">} wishes called to take back what was sent a moment ago, and to explain a reply
   */
  constructor(stage, wishes) {
    this.#wishes = wishes;
    this.#scroller.append(this.#list);
    stage.append(this.#scroller, this.#pill);
    this.#scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.#pill.onclick = () => this.#jump();
    new ResizeObserver(() => this.#follow()).observe(this.#scroller);
  }

  /**
   * @param {Transcript} transcript
   * @param {string} contact the customer's name
   */
  draw(transcript, contact) {
    if (this.#shown !== transcript) this.#clear(transcript);
    const { items, writer, isKnown } = transcript;
    this.#coming.hidden = isKnown || items.length > 0;
    const nameOf = (/** @type {{author: string, name: string}} */ said) => authorName(said, contact);
    const lines = this.#lines(items, nameOf);
    if (writer) lines.push(this.#dots(writer.author, nameOf(writer)));
    this.#arrange(lines);
    this.#notice(items.at(-1));
    this.#follow();
  }

  /** No conversation is open. */
  clear() {
    if (this.#shown) this.#clear(null);
    this.#list.replaceChildren();
  }

  /** @param {Transcript | null} transcript */
  #clear(transcript) {
    this.#shown = transcript;
    this.#bubbles.clear();
    this.#marks.clear();
    this.#lastKey = "";
    this.#atEnd = this.#pill.hidden = true;
  }

  /**
   * @param {Item[]} items
   * @param {(said: Item) => string} nameOf
   */
  #lines(items, nameOf) {
    return items.flatMap((item, index) => {
      const before = items[index - 1];
      const isNewDay = !before || dayOf(before.at) !== dayOf(item.at);
      const place = { first: !isGroup(before, item), last: !isGroup(item, items[index + 1]), name: nameOf(item) };
      const bubble = this.#bubble(item);
      bubble.draw(item, place);
      return [...(isNewDay ? [this.#day(item)] : []), bubble.element];
    });
  }

  /** @param {Item} item */
  #bubble({ key }) {
    const transcript = this.#shown;
    const wishes = { retry: (/** @type {string} */ id) => transcript?.retry(id), ...this.#wishes };
    const bubble = this.#bubbles.get(key) ?? new Bubble(wishes, () => this.#follow());
    this.#bubbles.set(key, bubble);
    return bubble;
  }

  /** @param {Item} item */
  #day({ at, key }) {
    return this.#mark(`day ${key}`, () => element("li", { class: "day" }, element("span", {}, dayOf(at))));
  }

  /**
   * @param {string} author
   * @param {string} name
   */
  #dots(author, name) {
    const words = `${name} is writing`;
    return this.#mark(words, () => writing(author, words));
  }

  /**
   * @param {string} key
   * @param {() => HTMLElement} make
   */
  #mark(key, make) {
    const mark = this.#marks.get(key) ?? make();
    this.#marks.set(key, mark);
    return mark;
  }

  /**
   * A node that is put back would restart its animation, so only what stands elsewhere is moved.
   * @param {HTMLElement[]} lines
   */
  #arrange(lines) {
    const wanted = new Set(lines);
    for (const child of [...this.#list.children]) if (!wanted.has(/** @type {HTMLElement} */ (child))) child.remove();
    lines.forEach((line, index) => {
      if (this.#list.children[index] !== line) this.#list.insertBefore(line, this.#list.children[index] ?? null);
    });
  }

  /** @param {Item | undefined} newest */
  #notice(newest) {
    if (!newest || newest.key === this.#lastKey) return;
    this.#lastKey = newest.key;
    if (newest.delivery === "sending" || newest.delivery === "sent" || newest.delivery === "undoable") this.#atEnd = true;
    this.#pill.hidden = this.#atEnd;
  }

  #follow() {
    if (this.#atEnd) this.#scroller.scrollTop = this.#scroller.scrollHeight;
  }

  #scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller;
    this.#atEnd = scrollHeight - scrollTop - clientHeight < NEAR_END;
    if (this.#atEnd) this.#pill.hidden = true;
  }

  #jump() {
    this.#atEnd = true;
    this.#follow();
    this.#scroller.focus({ preventScroll: true });
  }
}

/**
 * @param {{author: string, name: string}} said
 * @param {string} contact
 */
export function authorName({ author, name }, contact) {
  if (author === "customer") return contact;
  if (author === "note") return `${name} · private note`;
  return author === "bot" ? "Bot" : name;
}

/**
 * Whether two neighbours belong together.
 * @param {Item | undefined} a
 * @param {Item | undefined} b
 */
function isGroup(a, b) {
  if (!a || !b || a.author !== b.author || a.name !== b.name || LINES.has(a.author)) return false;
  return b.at.getTime() - a.at.getTime() < GROUP_FOR && dayOf(a.at) === dayOf(b.at);
}
