// How often an agent who is away gets an e-mail of what waits: chosen in the menu of the account.

/** @import {Desk} from "./desk.js" */

import { byId } from "./page.js";

export class DigestChoice {
  #desk;
  #select = byId("digest", HTMLSelectElement);

  /** @param {Desk} desk */
  constructor(desk) {
    this.#desk = desk;
    this.#select.onchange = () => desk.send({ type: "digest.set", digest: this.#select.value });
  }

  draw() {
    const { own } = this.#desk;
    this.#select.disabled = !own;
    if (own && document.activeElement !== this.#select) this.#select.value = own.digest;
  }
}
