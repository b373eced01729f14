// The scrolling list of messages: days, groups, dots; stays at the end unless the reader has scrolled up.
// Draws what it is given and keeps each line's element by its key, so a streamed reply becomes the saved one in place.

/** @import {Item} from "./items.js" */
/** @import {Author, Workspace} from "./protocol.js" */
/** @import {Fill, Place} from "./bubble.js" */

import { Bubble, typingDots } from "./bubble.js";
import { element, icon } from "./dom.js";
import { calm } from "./screen.js";
import { dayOf, withLinks } from "./text.js";
import { words, written } from "./texts.js";

const GROUP_FOR = 5 * 60_000;
const NEAR_END = 60;
const RISE = [{ opacity: 0, transform: "translateY(8px)" }, {}];
const RISING = { duration: 220, easing: "cubic-bezier(.2, .7, .2, 1)" };

export class MessageList {
  #origin;
  #retry;
  #fill;
  /** @type {Map<string, Bubble>} */
  #bubbles = new Map();
  /** @type {Map<string, HTMLElement>} days and dots, kept so that they do not flicker */
  #marks = new Map();
  #list = element("ol", { class: "messages" });
  #intro = element("div", { class: "intro" });
  #atEnd = true;
  #lastKey = "";
  /** What comes after the last message. */
  foot = element("div", { class: "foot" });
  scroller = element("div", { class: "scroller", tabindex: "0", role: "region" });
  pill = element("button", { type: "button", class: "pill", hidden: "" });

  /**
   * @param {string} origin
   * @param {(clientId: string) => void} retry
   * @param {Fill} fill puts a message's files into a list
   */
  constructor(origin, retry, fill) {
    this.#origin = origin;
    this.#fill = fill;
    this.#retry = retry;
    this.scroller.append(this.#intro, this.#list, this.foot);
    this.scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.pill.onclick = () => this.#jump();
    written(() => {
      this.scroller.ariaLabel = words.conversation;
      this.pill.replaceChildren(icon("down"), words.newMessage);
    });
    new ResizeObserver(() => this.follow()).observe(this.scroller);
  }

  /**
   * What the workspace says before anybody has written; it is nowhere saved. Where its own words are in a language that
   * the visitor does not speak, ours stand in.
   * @param {Workspace} workspace
   * @param {string} name who greets
   */
  greet({ name: shop, greeting, language }, name) {
    const drawn = JSON.stringify([shop, greeting, words.language]);
    if (this.#intro.dataset.drawn === drawn) return;
    this.#intro.dataset.drawn = drawn;
    const said = greeting && (language.slice(0, 2) === words.language ? greeting : words.greeting);
    const text = element("div", { class: "text", dir: "auto" }, ...withLinks(said));
    const bubble = element("div", { class: "message bot first last" }, element("p", { class: "author" }, name), text);
    const heading = element("h3", { dir: "auto" }, words.heading(shop));
    const lead = [heading, element("p", { class: "promise" }, words.promise)];
    this.#intro.replaceChildren(...lead, ...(said ? [bubble] : []));
  }

  /**
   * @param {Item[]} items
   * @param {{author: string, name: string} | null} writer
   * @param {(item: {author: Author, name: string}) => string} nameOf
   */
  render(items, writer, nameOf) {
    const lines = this.#lines(items, nameOf);
    if (writer) lines.push(this.#dots(writer));
    const added = replaceChanged(this.#list, lines);
    if (this.#lastKey && !calm.matches) for (const line of added) line.animate(RISE, RISING);
    this.#forget(items);
    this.#notice(items.at(-1));
    this.follow();
  }

  /** Keep the end in sight, unless the reader looks at something above. */
  follow() {
    if (this.#atEnd) this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  /** Go to the end, whatever the reader looks at. */
  goToEnd() {
    this.#atEnd = true;
    this.pill.hidden = true;
    this.follow();
  }

  /**
   * @param {Item[]} items
   * @param {(item: {author: Author, name: string}) => string} nameOf
   */
  #lines(items, nameOf) {
    const newestOwn = items.findLast(({ author }) => author === "customer");
    /** @type {HTMLElement[]} */
    const lines = [];
    items.forEach((item, index) => {
      const before = items[index - 1];
      const after = items[index + 1];
      if (!before || day(before) !== day(item)) lines.push(this.#day(item));
      const [first, last] = [!isGroup(before, item), !isGroup(item, after)];
      lines.push(this.#line(item, { first, last, newestOwn: item === newestOwn, name: nameOf(item) }));
    });
    return lines;
  }

  /**
   * @param {Item} item
   * @param {Place} place
   */
  #line(item, place) {
    let bubble = this.#bubbles.get(item.key);
    if (!bubble) {
      bubble = new Bubble(this.#origin, this.#retry, () => this.follow(), this.#fill);
      this.#bubbles.set(item.key, bubble);
    }
    bubble.draw(item, place);
    return bubble.element;
  }

  /** @param {Item} item */
  #day(item) {
    const name = day(item);
    return this.#mark(`${name} ${item.key}`, () => element("li", { class: "day" }, element("span", {}, name)));
  }

  /** @param {{author: string, name: string}} writer */
  #dots({ author, name }) {
    const who = words.writing(name || words.theAssistant);
    return this.#mark(who, () => typingDots(author, who));
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

  /** @param {Item[]} items */
  #forget(items) {
    const keys = new Set(items.map(({ key }) => key));
    for (const key of this.#bubbles.keys()) if (!keys.has(key)) this.#bubbles.delete(key);
  }

  /** @param {Item | undefined} newest */
  #notice(newest) {
    if (!newest || newest.key === this.#lastKey) return;
    this.#lastKey = newest.key;
    if (newest.author === "customer") this.goToEnd();
    else this.pill.hidden = this.#atEnd;
  }

  #scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    this.#atEnd = scrollHeight - scrollTop - clientHeight < NEAR_END;
    if (this.#atEnd) this.pill.hidden = true;
  }

  #jump() {
    this.goToEnd();
    this.scroller.focus({ preventScroll: true });
  }
}

/**
 * Whether two neighbours belong together.
 * @param {Item | undefined} a
 * @param {Item | undefined} b
 */
function isGroup(a, b) {
  if (!a || !b || a.author !== b.author || a.name !== b.name || a.author === "system") return false;
  return Math.abs(b.at.getTime() - a.at.getTime()) < GROUP_FOR && day(a) === day(b);
}

/** @param {Item} item */
function day({ at }) {
  return dayOf(at, words.language);
}

/**
 * Put these lines into the list, touching only what moved: a node that is put back would restart its animation.
 * @param {HTMLElement} list
 * @param {HTMLElement[]} lines
 * @returns {HTMLElement[]} those that were not there before
 */
function replaceChanged(list, lines) {
  const wanted = new Set(lines);
  const added = lines.filter((line) => line.parentElement !== list);
  for (const child of [...list.children]) if (!wanted.has(/** @type {HTMLElement} */ (child))) child.remove();
  lines.forEach((line, index) => {
    if (list.children[index] !== line) list.insertBefore(line, list.children[index] ?? null);
  });
  return added;
}
