// One line of a conversation on the agent's screen: a message with what it was about, or a line of the system.

/** @import {Item} from "./items.js" */

import { element } from "../widget/dom.js";
import { gallery } from "../widget/files/gallery.js";
import english from "../widget/texts/en.js";
import { isEmoji, outwardLink, timeOf, withLinks } from "../widget/text.js";
import { Typewriter } from "../widget/typewriter.js";
import { pictures } from "./door.js";
import { icon } from "./icons.js";
import { Translated } from "./translated.js";
import { label, percent } from "./words.js";

const DELIVERY = {
  ...{ sending: "Sending…", sent: "Sending…", undoable: "Sending…", held: "Waiting a moment", failed: "Not sent.", "": "" },
  ...{ delivered: "Sent", received: "Delivered", read: "Read", undelivered: "Did not reach the customer." },
};

/** @typedef {{first: boolean, last: boolean, name: string}} Place how it stands in a group by one author */

/**
 * @typedef {object} Wishes what can be asked for on a line
 * @property {(clientId: string) => void} retry
 * @property {(clientId: string) => void} undo
 * @property {(seq: number) => void} explain
 */

export class Bubble {
  #wishes;
  #grown;
  #author = element("p", { class: "author" });
  #text = element("div", { class: "text", dir: "auto" });
  #translated = new Translated();
  #sources = element("ul", { class: "sources", "aria-label": "Sources", role: "list" });
  #files = element("ul", { class: "files", role: "list" });
  #filesDrawn = "";
  #asked = element("p", { class: "asked", dir: "auto" });
  #meta = element("p", { class: "meta" });
  #typewriter;
  #wasStreaming = false;
  #drawn = "";
  element = element("li");

  /**
   * @param {Wishes} wishes
   * @param {() => void} grown called when it has become longer by itself
   */
  constructor(wishes, grown) {
    this.#wishes = wishes;
    this.#grown = grown;
    this.#typewriter = new Typewriter(this.#text, grown);
    this.element.append(this.#author, this.#text, this.#files, this.#translated.element, this.#asked, this.#sources, this.#meta);
  }

  /**
   * @param {Item} item
   * @param {Place} place
   */
  draw(item, place) {
    const drawn = JSON.stringify([item, place]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    this.element.className = classes(item, place);
    this.#author.replaceChildren(...(item.author === "bot" ? [icon("bot")] : []), place.name);
    if (item.streaming) this.#stream(item.body);
    else if (this.#wasStreaming) this.#typewriter.finish(item.body, () => this.#settle(item, place));
    else this.#settle(item, place);
  }

  /** @param {string} text */
  #stream(text) {
    this.#wasStreaming = true;
    this.#asked.hidden = this.#sources.hidden = this.#meta.hidden = true;
    this.#typewriter.write(text);
  }

  /**
   * @param {Item} item
   * @param {Place} place
   */
  #settle(item, place) {
    this.#wasStreaming = false;
    this.#text.replaceChildren(...withLinks(item.body));
    this.#text.hidden = !item.body && item.attachments.length > 0;
    this.#drawFiles(item);
    this.#asked.hidden = !item.asked;
    this.#asked.textContent = item.asked;
    if (item.translation) this.#text.lang = item.translation.source;
    this.#translated.draw(item.translation);
    this.#sources.hidden = item.sources.length === 0;
    this.#sources.replaceChildren(...item.sources.map(source));
    const parts = this.#metaParts(item, place);
    this.#meta.hidden = parts.length === 0;
    this.#meta.replaceChildren(...parts);
    this.#grown();
  }

  /** Only where they have changed, so that no picture is fetched twice. @param {Item} item */
  #drawFiles({ attachments }) {
    const drawn = JSON.stringify(attachments);
    if (drawn === this.#filesDrawn) return;
    this.#filesDrawn = drawn;
    this.#files.replaceChildren(...gallery(attachments, pictures, english.files, document.body));
  }

  /**
   * @param {Item} item
   * @param {Place} place
   */
  #metaParts(item, { last }) {
    if (item.delivery !== "undelivered" && (item.author === "system" || item.author === "activity")) return [];
    if (item.delivery === "failed") return [`${DELIVERY.failed} ${item.reason}`, button("Retry", () => this.#wishes.retry(item.clientId))];
    if (item.delivery === "undelivered") return [`${DELIVERY.undelivered} ${item.reason}`];
    if (item.delivery === "undoable") return [DELIVERY.undoable, button("Undo", () => this.#wishes.undo(item.clientId))];
    const time = last ? [element("time", { datetime: item.at.toISOString() }, timeOf(item.at))] : [];
    const why = item.explained ? [button("Why?", () => this.#wishes.explain(item.explained), "Why did the bot say this?")] : [];
    const isSaved = ["delivered", "received", "read"].includes(item.delivery);
    const state = last || !isSaved ? DELIVERY[item.delivery] : "";
    return [...about(item), ...why, ...time, ...(state ? [element("span", { class: item.delivery }, state, ...(isSaved ? [icon(item.delivery === "delivered" ? "check" : "checks")] : []))] : [])];
  }
}

/**
 * @param {string} words
 * @param {() => void} press
 * @param {string} title the whole question, where the words are short
 */
function button(words, press, title = words) {
  const made = element("button", { type: "button", class: "wish", title, "aria-label": title }, words);
  made.onclick = press;
  return made;
}

/**
 * The dots of somebody who writes.
 * @param {string} author
 * @param {string} words
 */
export function writing(author, words) {
  const dots = element("span", { class: "dots", "aria-hidden": "true" }, element("i"), element("i"), element("i"));
  const text = element("div", { class: "text" }, dots, element("span", {}, words));
  return element("li", { class: `said typing first last ${author}` }, text);
}

/** @param {Item} item */
function about({ category, confidence }) {
  if (!category) return [];
  const sure = confidence === null ? [] : [element("span", { class: "chip", title: "Confidence" }, hidden("Confidence"), percent(confidence))];
  return [element("span", { class: "chip", title: "Category" }, hidden("Category"), label(category)), ...sure];
}

/** @param {string} words */
function hidden(words) {
  return element("span", { class: "visually-hidden" }, `${words} `);
}

/** @param {{title: string, url: string}} source */
function source({ title, url }) {
  return element("li", {}, outwardLink(new URL(url, location.origin).href, element("span", { dir: "auto" }, title)));
}

/**
 * @param {Item} item
 * @param {Place} place
 */
function classes({ author, body, delivery, streaming }, { first, last }) {
  const flags = { first, last, streaming, emoji: isEmoji(body), failed: delivery === "failed" || delivery === "undelivered", undoable: delivery === "undoable" };
  return ["said", author, ...Object.entries(flags).flatMap(([name, on]) => (on ? [name] : []))].join(" ");
}
