// Who the page says is there. An identity token is asked for when it is needed, and sent once for each sign-in: after
// that the browser's own token is known to the server. Knows no socket.

/** @import {About, Message, Profile} from "./protocol.js" */

/**
 * @typedef {object} Listener who hears of a conversation
 * @property {() => Profile} profile what the page says of the customer
 * @property {() => string} page the page's address, without its query
 * @property {() => void} changed
 * @property {(message: Message) => void} arrived
 * @property {(message: Message) => void} translated called when a message reads differently now
 * @property {(code: string, message: string) => void} failed
 * @property {() => void} stranger called when somebody else is there now: nothing that was shown may stay
 */

export class Introduction {
  #profile;
  #complain;
  #isNews = true;
  #isUnheard = false;
  #sent = "";

  /**
   * @param {() => Profile} profile what the page has said so far
   * @param {(code: string, message: string) => void} complain
   */
  constructor(profile, complain) {
    this.#profile = profile;
    this.#complain = complain;
  }

  /** The page has named a customer, perhaps another one. */
  renew() {
    this.#isNews = this.#isUnheard = true;
  }

  /** Whether the page has named a customer with a token since one was last asked for. */
  get isDue() {
    return this.#isUnheard && Boolean(this.#profile().user.token);
  }

  /** What nobody has verified. @param {{name: string, email: string}} answers of the customer's own, before the chat */
  about({ name, email }) {
    const { user, attributes, conversation } = this.#profile();
    return /** @type {About} */ ({ name: user.name || name, email: user.email || email, attributes, conversation });
  }

  /** The signed token, if the page has one that the server has not seen; a page may hand over a function that gets it. */
  async token() {
    this.#isUnheard = false;
    const { token } = this.#profile().user;
    if (!token || !this.#isNews) return "";
    try {
      this.#sent = typeof token === "function" ? await token() : token;
    } catch (error) {
      this.#complain("identity_unavailable", String(error));
      this.#sent = "";
    }
    return this.#sent;
  }

  /** The server has answered: it knows the customer now. */
  done() {
    if (this.#sent) this.#isNews = false;
    this.#sent = "";
  }

  /** The server does not believe it; only the page can bring a better one. */
  refused() {
    this.#isNews = false;
    this.#sent = "";
  }
}
