// The dialog that asks until when: some usual times in the agent's own time zone, or any day and time.

import { byId } from "./page.js";
import { local } from "./times.js";

const HOUR = 3_600_000;
const MORNING = 9;

export class SnoozeDialog {
  #dialog = byId("snooze-dialog", HTMLDialogElement);
  #field = byId("snooze-at", HTMLInputElement);
  #presets = byId("snooze-presets", HTMLElement);
  /** @type {(until: string) => void} */
  #choose = () => {};

  constructor() {
    byId("snooze-form", HTMLFormElement).addEventListener("submit", () => this.#done(new Date(this.#field.value)));
    for (const button of this.#presets.querySelectorAll("button"))
      button.onclick = () => this.#done(PRESETS[/** @type {keyof typeof PRESETS} */ (button.value)](new Date()));
  }

  /** @param {(until: string) => void} choose given an ISO time */
  open(choose) {
    this.#choose = choose;
    this.#field.min = local(new Date());
    this.#field.value = local(PRESETS.tomorrow(new Date()));
    for (const button of this.#presets.querySelectorAll("button")) {
      const at = PRESETS[/** @type {keyof typeof PRESETS} */ (button.value)](new Date());
      const words = button.querySelector("span");
      if (words) words.textContent = format.format(at);
    }
    this.#dialog.showModal();
  }

  /** @param {Date} at */
  #done(at) {
    this.#dialog.close();
    if (!Number.isNaN(at.getTime())) this.#choose(at.toISOString());
  }
}

const format = new Intl.DateTimeFormat([], { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

const PRESETS = {
  later: (/** @type {Date} */ now) => new Date(now.getTime() + 3 * HOUR),
  tomorrow: (/** @type {Date} */ now) => morning(now, 1),
  week: (/** @type {Date} */ now) => morning(now, ((8 - now.getDay()) % 7) || 7),
  month: (/** @type {Date} */ now) => morning(now, 30),
};

/**
 * @param {Date} now
 * @param {number} days
 */
function morning(now, days) {
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, MORNING);
}
