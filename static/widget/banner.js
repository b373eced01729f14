// The line below the panel's head: why messages wait, or why there is no chat here.

/** @import {Conversation} from "./conversation.js" */

import { element, icon } from "./dom.js";
import { words } from "./texts.js";

const QUIET_FOR = 1_500;

export class Banner {
  #conversation;
  #redraw;
  #lostAt = 0;
  element = element("p", { class: "banner", role: "status", hidden: "" });

  /**
   * @param {Conversation} conversation
   * @param {() => void} redraw
   */
  constructor(conversation, redraw) {
    this.#conversation = conversation;
    this.#redraw = redraw;
  }

  draw() {
    const line = this.#line();
    const symbol = this.#conversation.link === "up" ? "clock" : "cloud";
    if (this.element.textContent !== line) this.element.replaceChildren(icon(symbol), line);
    this.element.hidden = !line;
  }

  /** A drop of a moment is nobody's business: the line comes when it lasts. */
  #line() {
    const { link, refusal, held } = this.#conversation;
    if (link === "refused") return refusal;
    if (link !== "down") this.#lostAt = 0;
    if (link !== "down") return held;
    if (!navigator.onLine) return words.offline;
    if (!this.#lostAt) setTimeout(this.#redraw, QUIET_FOR + 50);
    this.#lostAt ||= Date.now();
    return Date.now() - this.#lostAt >= QUIET_FOR ? words.reconnecting : "";
  }
}
