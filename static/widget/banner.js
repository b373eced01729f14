// The line below the panel's head: why messages wait, or why there is no chat here.

/** @import {Conversation} from "./conversation.js" */

import { element, icon } from "./dom.js";

const PATIENCE = 1_500;

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
    const words = this.#words();
    const symbol = this.#conversation.link === "up" ? "clock" : "cloud";
    if (this.element.textContent !== words) this.element.replaceChildren(icon(symbol), words);
    this.element.hidden = !words;
  }

  /** A drop of a moment is nobody's business: the line comes when it lasts. */
  #words() {
    const { link, refusal, held } = this.#conversation;
    if (link === "refused") return refusal;
    if (link !== "down") this.#lostAt = 0;
    if (link !== "down") return held;
    if (!navigator.onLine) return "You are offline. What you write is kept and sent when you are back.";
    if (!this.#lostAt) setTimeout(this.#redraw, PATIENCE + 50);
    this.#lostAt ||= Date.now();
    return Date.now() - this.#lostAt >= PATIENCE ? "Reconnecting… What you write is kept." : "";
  }
}
