// A line that tells the agent something which belongs to no open conversation, and may lead to one.

/** @import {Desk} from "./desk.js" */

import { byId, setText } from "./page.js";

export class NoticeLine {
  #desk;
  #box = byId("notice", HTMLElement);
  #words = byId("notice-words", HTMLElement);
  #open = byId("notice-open", HTMLButtonElement);

  /**
   * @param {Desk} desk
   * @param {(id: string) => void} go
   */
  constructor(desk, go) {
    this.#desk = desk;
    byId("notice-close", HTMLButtonElement).onclick = () => desk.tell("");
    this.#open.onclick = () => {
      const { conversation } = desk.notice ?? { conversation: "" };
      desk.tell("");
      go(conversation);
    };
  }

  draw() {
    const { notice } = this.#desk;
    this.#box.classList.toggle("shown", notice !== null);
    setText(this.#words, notice?.words ?? "");
    this.#open.hidden = !notice?.conversation;
  }
}
