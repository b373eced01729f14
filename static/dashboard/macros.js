// The macro that runs: one at a time, and what became of it in words. The server does all of it or nothing.

/** @import {ClientFrame, MacroDone} from "./protocol.js" */

import { uuid } from "../widget/outbox.js";

const UNSURE = "The connection was lost while the macro ran. It did everything or nothing: please look before you run it again.";

export class Macros {
  #send;
  #tell;
  #running = "";

  /**
   * @param {(frame: ClientFrame) => boolean} send whether the frame went out; who is offline has been told so
   * @param {(words: string) => void} tell
   */
  constructor(send, tell) {
    this.#send = send;
    this.#tell = tell;
  }

  /**
   * @param {string} conversation
   * @param {number} macro
   */
  run(conversation, macro) {
    if (this.#running) return;
    const frame = { type: /** @type {const} */ ("macro.run"), conversation, client_id: uuid(), macro };
    if (this.#send(frame)) this.#running = frame.client_id;
  }

  /** @param {MacroDone} done */
  apply({ client_id, name, steps }) {
    if (client_id === this.#running) this.#end(`Done: ${name} (${steps.join(", ")})`);
  }

  /**
   * @param {string} clientId
   * @param {string} message
   * @returns {boolean} whether it was the macro that failed
   */
  fail(clientId, message) {
    if (!this.#running || clientId !== this.#running) return false;
    this.#end(`Nothing was done. ${message}`);
    return true;
  }

  lost() {
    if (this.#running) this.#end(UNSURE);
  }

  /** @param {string} words */
  #end(words) {
    this.#running = "";
    this.#tell(words);
  }
}
