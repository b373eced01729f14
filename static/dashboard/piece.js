// A dialog that the server writes: a piece of a page with its heading, and forms that answer with the next piece.

import { address, byId, get } from "./page.js";
import { localise } from "./times.js";

const LOST = "This did not get through. Please check your connection and try again; what you wrote is kept.";

const LOOK_EVERY = 700; // ms

const NOT_THERE = "This could not be loaded. Please check your connection.";

export class PieceDialog {
  #dialog = byId("piece-dialog", HTMLDialogElement);
  #body = byId("piece-body", HTMLElement);
  #alarm = byId("piece-alarm", HTMLElement);
  #lost = byId("piece-lost", HTMLElement);
  #coming = byId("piece-coming", HTMLElement);
  #path = "";
  /** Called with what an answer asks the page to do. @type {(done: DOMStringMap) => void} */
  onDone = () => {};
  /** What the agent is writing, for the forms that ask for it. */
  words = () => "";

  constructor() {
    this.#body.addEventListener("submit", (event) => this.#send(event));
    byId("piece-again", HTMLButtonElement).onclick = () => this.#begin();
  }

  /** @param {string} path below /inbox/ */
  async open(path) {
    this.#path = path;
    this.#body.replaceChildren();
    this.#dialog.showModal();
    await this.#begin();
  }

  /**
   * Do at once what a form asks for; what is left to ask or to say opens.
   * @param {string} path below /inbox/
   * @param {FormData} given
   * @returns whether it is done
   */
  async post(path, given) {
    this.#path = path;
    this.#body.replaceChildren();
    this.#lost.hidden = true;
    await this.#load(() => fetch(address(path), { method: "POST", body: given }), path);
    const isDone = this.#body.querySelector("[data-done]") !== null;
    if (!isDone && !this.#dialog.open) this.#dialog.showModal();
    return isDone;
  }

  async #begin() {
    const path = this.#path;
    this.#alarm.textContent = "";
    this.#lost.hidden = true;
    this.#coming.hidden = false;
    await this.#load(() => get(path), path);
  }

  /** @param {Element | null} done what says so, and perhaps what comes next */
  #end(done) {
    if (!done) return;
    this.#dialog.close();
    if (!(done instanceof HTMLElement)) return;
    if (done.dataset.opens) this.open(done.dataset.opens);
    this.onDone(done.dataset);
  }

  /** What a worker still writes is asked for again. @param {string} path */
  #lookAgain(path) {
    const again = this.#body.querySelector("form[data-again]");
    if (!(again instanceof HTMLFormElement)) return;
    setTimeout(() => path === this.#path && this.#dialog.open && again.isConnected && again.requestSubmit(), LOOK_EVERY);
  }

  /** @param {SubmitEvent} event */
  async #send(event) {
    const form = event.target;
    if (!(form instanceof HTMLFormElement)) return;
    event.preventDefault();
    const path = this.#path;
    const given = new FormData(form, event.submitter);
    if (form.dataset.takes === "words") given.set("body", this.words());
    const asked = Object.fromEntries([...given].map(([name, value]) => [name, String(value)]));
    if (form.method === "get") await this.#load(() => get(path, asked), path);
    else await this.#load(() => fetch(address(path), { method: "POST", body: given }), path);
  }

  /**
   * @param {() => Promise<Response>} ask
   * @param {string} path
   */
  async #load(ask, path) {
    try {
      const answer = await ask();
      if (answer.redirected || (!answer.ok && answer.status !== 422)) throw new Error(answer.statusText);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (path !== this.#path) return;
      this.#alarm.textContent = "";
      this.#body.replaceChildren(...page.body.children);
      localise(this.#body);
      this.#end(this.#body.querySelector("[data-done]"));
      this.#lookAgain(path);
    } catch {
      if (path !== this.#path) return;
      this.#alarm.textContent = this.#body.children.length ? LOST : NOT_THERE;
      this.#lost.hidden = this.#body.children.length > 0;
    } finally {
      if (path === this.#path) this.#coming.hidden = true;
    }
  }
}
