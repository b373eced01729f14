// What an agent sets for this browser, in the menu of the account: how dense the inbox is, and by what it calls.

import { Alerts } from "../widget/alerts.js";
import { read, Store, write } from "../widget/store.js";
import { byId, setText } from "./page.js";

const DENSITY = "supportbot:inbox:density";
const BLOCKED = "Your browser forbids notifications of this site. Allow them in its settings.";

export class Preferences {
  #alerts;
  #density = byId("density", HTMLSelectElement);
  #sound = byId("sound", HTMLInputElement);
  #notify = byId("notify", HTMLInputElement);

  /** @param {number} me under whose id the browser keeps them */
  constructor(me) {
    this.#alerts = new Alerts(new Store(`inbox:${me}`), () => {});
    this.#space(read(DENSITY, "comfortable"));
    this.#density.onchange = () => {
      write(DENSITY, this.#density.value);
      this.#space(this.#density.value);
    };
    this.#sound.checked = this.#alerts.sounds;
    this.#sound.onchange = () => this.#alerts.setSound(this.#sound.checked);
    this.#notify.checked = this.#alerts.notifies;
    this.#notify.onchange = () => void this.#ask();
  }

  /**
   * Something has come that nobody looks at.
   * @param {string} words
   * @param {() => void} open what a click on the notification leads to
   */
  call(words, open) {
    this.#alerts.tell("Inbox", words, open);
  }

  async #ask() {
    const isAllowed = await this.#alerts.setNotifications(this.#notify.checked);
    setText(byId("notify-blocked", HTMLElement), isAllowed ? "" : BLOCKED);
    this.#notify.checked &&= isAllowed;
  }

  /** @param {string} density `comfortable` or `dense` */
  #space(density) {
    document.documentElement.dataset.density = this.#density.value = density === "dense" ? "dense" : "comfortable";
    dispatchEvent(new Event("resize"));
  }
}
