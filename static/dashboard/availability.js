// Whether the agent gets work automatically: shown in the inbox's head, changed in the menu below it.

/** @import {Desk} from "./desk.js" */

import { byId, setText } from "./page.js";

const DAY = 24 * 60 * 60_000;
const dayFormat = new Intl.DateTimeFormat([], { day: "numeric", month: "short", timeZone: "UTC" }); // of a day, not a time

export class Availability {
  #desk;
  #button = byId("availability", HTMLButtonElement);
  #menu = byId("availability-menu", HTMLElement);
  #available = byId("be-available", HTMLButtonElement);
  #away = byId("be-away", HTMLButtonElement);
  #backOn = byId("back-on", HTMLInputElement);

  /** @param {Desk} desk */
  constructor(desk) {
    this.#desk = desk;
    this.#available.onclick = () => this.#set(false, null);
    this.#away.onclick = () => this.#set(true, null);
    byId("leave", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      this.#set(true, this.#backOn.value);
    });
    this.#menu.addEventListener("toggle", () => (this.#backOn.min = new Date(Date.now() + DAY).toISOString().slice(0, 10)));
  }

  draw() {
    const { own } = this.#desk;
    this.#button.hidden = !own;
    if (!own) return;
    const words = own.back_on ? `Back on ${dayFormat.format(new Date(own.back_on))}` : "Away";
    setText(this.#button, own.away ? words : "Available");
    this.#button.setAttribute("aria-label", `Your availability: ${this.#button.textContent}`);
    this.#button.classList.toggle("away", own.away);
    this.#available.setAttribute("aria-pressed", String(!own.away));
    this.#away.setAttribute("aria-pressed", String(own.away && !own.back_on));
  }

  /**
   * @param {boolean} away
   * @param {string | null} backOn a day
   */
  #set(away, backOn) {
    if (this.#desk.send({ type: "presence.set", away, back_on: backOn })) this.#menu.hidePopover();
  }
}
