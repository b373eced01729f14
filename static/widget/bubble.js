// One line of the conversation on the screen: a message, a line of the system, or the dots of somebody writing.

/** @import {Item} from "./items.js" */
/** @import {Attachment} from "./protocol.js" */

import { element, icon } from "./dom.js";
import { Typewriter } from "./typewriter.js";
import { isEmoji, languageName, outwardLink, timeOf, withLinks } from "./text.js";
import { words } from "./texts.js";

/** @typedef {(list: HTMLElement, attachments: Attachment[]) => Promise<void>} Fill */

/**
 * @typedef {object} Place how an item stands among its neighbours
 * @property {boolean} first first of a group by the same author
 * @property {boolean} last last of that group
 * @property {boolean} newestOwn the customer's newest message
 * @property {string} name who wrote it, as shown
 */

export class Bubble {
  #origin;
  #retry;
  #grown;
  #fill;
  #shown = "";
  #text = element("div", { class: "text", dir: "auto" });
  #translated = element("p", { class: "translated", hidden: "" });
  #showsOriginal = false;
  #author = element("p", { class: "author" });
  #files = element("ul", { class: "files" });
  #sources = element("ul", { class: "sources" });
  #notice = element("p", { class: "notice", dir: "auto", hidden: "" });
  #meta = element("p", { class: "meta" });
  #typewriter;
  #wasStreaming = false;
  #drawn = "";
  element = element("li", { class: "message" });

  /**
   * @param {string} origin where relative links of sources lead
   * @param {(clientId: string) => void} retry
   * @param {() => void} grown called when it has become longer by itself
   * @param {Fill} fill puts files into a list
   */
  constructor(origin, retry, grown, fill) {
    this.#fill = fill;
    this.#origin = origin;
    this.#retry = retry;
    this.#grown = grown;
    this.#typewriter = new Typewriter(this.#text, grown);
    this.element.append(this.#author, this.#text, this.#translated, this.#files, this.#notice, this.#sources, this.#meta);
  }

  /**
   * @param {Item} item
   * @param {Place} place
   */
  draw(item, place) {
    const drawn = JSON.stringify([item, place, words.language]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    this.element.className = classes({ ...item, streaming: item.streaming || this.#wasStreaming }, place);
    this.#author.textContent = item.author === "customer" ? words.you : place.name;
    if (item.streaming) this.#stream(item.body);
    else if (this.#wasStreaming) this.#typewriter.finish(item.body, () => this.#settleLate(item, place));
    else this.#settle(item, place);
  }

  /** @param {string} text */
  #stream(text) {
    this.#wasStreaming = true;
    this.#sources.hidden = this.#meta.hidden = true;
    this.#typewriter.write(text);
  }

  /**
   * @param {Item} item
   * @param {Place} place
   */
  #settle(item, place) {
    this.#wasStreaming = false;
    this.element.className = classes(item, place);
    this.#drawText(item);
    this.#drawFiles(item);
    this.#sources.hidden = item.sources.length === 0;
    this.#sources.ariaLabel = words.sources;
    this.#sources.replaceChildren(...item.sources.map(({ title, url }) => this.#source(title, url)));
    this.#notice.hidden = !item.notice;
    this.#notice.textContent = item.notice;
    const meta = metaWords(item, place);
    this.#meta.hidden = !meta;
    this.#meta.replaceChildren(...(meta ? this.#metaParts(item, meta) : []));
  }

  /**
   * Drawn anew only where they have changed, so that no picture is fetched twice.
   * @param {Item} item
   */
  #drawFiles({ body, attachments, translation }) {
    this.#text.hidden = !body && !translation && attachments.length > 0;
    const shown = JSON.stringify([attachments, attachments.length ? words.language : ""]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#fill(this.#files, attachments).then(this.#grown, () => (this.#shown = this.#drawn = "")); // the next time, then
  }

  /**
   * The translation where there is one, the original a press away.
   * @param {Item} item
   */
  #drawText(item) {
    const { body, translation } = item;
    const isTranslated = translation?.state === "done" && !this.#showsOriginal;
    this.#text.replaceChildren(...withLinks(isTranslated ? translation.text : body));
    if (translation) this.#text.lang = isTranslated ? translation.target : translation.source;
    this.#translated.hidden = !translation;
    if (translation?.state === "done") this.#translated.replaceChildren(...this.#turn(item, isTranslated));
    else if (translation) this.#translated.textContent = translation.state === "waiting" ? words.translation.waiting : words.translation.none;
  }

  /**
   * @param {Item} item
   * @param {boolean} isTranslated
   */
  #turn(item, isTranslated) {
    const { from, original, showOriginal, showTranslation } = words.translation;
    const about = isTranslated ? from(languageName(item.translation?.source ?? "", words.language)) : original;
    const turn = element("button", { type: "button" }, isTranslated ? showOriginal : showTranslation);
    turn.onclick = () => {
      this.#showsOriginal = !this.#showsOriginal;
      this.#drawText(item);
      this.#translated.querySelector("button")?.focus();
      this.#grown();
    };
    return [about, " · ", turn];
  }

  /**
   * @param {Item} item
   * @param {Place} place
   */
  #settleLate(item, place) {
    this.#settle(item, place);
    this.#grown();
  }

  /**
   * @param {string} title
   * @param {string} url
   */
  #source(title, url) {
    const label = element("span", { dir: "auto" }, title);
    return element("li", {}, outwardLink(new URL(url, this.#origin).href, icon("article"), label));
  }

  /**
   * @param {Item} item
   * @param {string} meta
   */
  #metaParts({ delivery, clientId }, meta) {
    if (delivery === "failed") {
      const again = element("button", { type: "button", class: "retry" }, words.retry);
      again.onclick = () => this.#retry(clientId);
      return [icon("alert"), element("span", {}, meta), again];
    }
    const symbol = delivery === "seen" ? "checks" : delivery === "delivered" || delivery === "sent" ? "check" : "clock";
    return delivery && meta.includes(words.delivery[delivery]) ? [meta, icon(symbol)] : [meta];
  }
}

/**
 * @param {Item} item
 * @param {Place} place
 */
function classes({ author, body, delivery, streaming }, { first, last }) {
  const flags = { first, last, streaming, emoji: isEmoji(body), failed: delivery === "failed" };
  return ["message", author, ...Object.entries(flags).flatMap(([name, on]) => (on ? [name] : []))].join(" ");
}

/**
 * @param {Item} item
 * @param {Place} place
 */
function metaWords({ author, at, delivery, reason }, { last, newestOwn }) {
  if (author === "system") return "";
  if (delivery === "failed") return `${words.delivery.failed} ${reason}`;
  const isUnderWay = !["", "delivered", "seen"].includes(delivery);
  const time = last ? timeOf(at, words.language) : "";
  const state = delivery && (isUnderWay || newestOwn) ? words.delivery[delivery] : "";
  return [time, state].filter(Boolean).join(" · ");
}

/**
 * The dots of somebody who writes.
 * @param {string} author
 * @param {string} who for a screen reader and, with a person, for the eye
 */
export function typingDots(author, who) {
  const dots = element("span", { class: "dots", "aria-hidden": "true" }, element("i"), element("i"), element("i"));
  const text = element("div", { class: "text" }, dots, element("span", { class: "hidden" }, who));
  return element("li", { class: `message typing first last ${author}` }, text);
}
