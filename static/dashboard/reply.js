// The dialog about one of the bot's replies: why it said so, and the form that corrects it. The server writes both.

import { address, byId, get } from "./page.js";

const LOST = "This could not be loaded. Please check your connection and try again.";

export class ReplyDialog {
  #dialog = byId("reply-dialog", HTMLDialogElement);
  #body = byId("reply-body", HTMLElement);
  #alarm = byId("reply-alarm", HTMLElement);
  #wanted = "";

  constructor() {
    this.#body.addEventListener("submit", (event) => this.#send(event));
  }

  /**
   * @param {string} conversation
   * @param {number} seq of the reply
   */
  async open(conversation, seq) {
    const wanted = (this.#wanted = `${conversation}/replies/${seq}/`);
    this.#body.replaceChildren();
    this.#alarm.textContent = "";
    this.#dialog.showModal();
    await this.#load(() => get(wanted), wanted);
  }

  /** What was written stays in the form if it does not get through. @param {SubmitEvent} event */
  async #send(event) {
    const form = event.target;
    if (!(form instanceof HTMLFormElement)) return;
    event.preventDefault();
    const wanted = this.#wanted;
    const sent = { method: "POST", body: new FormData(form) };
    await this.#load(() => fetch(address(wanted), sent), wanted);
  }

  /**
   * @param {() => Promise<Response>} ask
   * @param {string} wanted
   */
  async #load(ask, wanted) {
    try {
      const answer = await ask();
      if (answer.redirected || (!answer.ok && answer.status !== 422)) throw new Error(answer.statusText);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (wanted !== this.#wanted) return;
      this.#alarm.textContent = "";
      this.#body.replaceChildren(...page.body.children);
    } catch {
      if (wanted === this.#wanted) this.#alarm.textContent = LOST;
    }
  }
}
