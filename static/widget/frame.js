// The panel in a frame of the chat's own host, for pages that want it apart: what is said, typed and stored there is out
// of the page's reach. For the loader it is a panel like the other one; framed.js is its other end.

/** @import {Panel, Widget} from "./protocol.js" */
/** @import {FromFrame, ToFrame} from "./port.js" */

import { element, styleSheet } from "./dom.js";
import { fillScreen, isSmallScreen, wayBack } from "./screen.js";

const SHEET = `{place.css}`;
const PATIENCE = 10_000; // milliseconds that a loaded document has for its first word
const SILENT = "The chat's frame is silent: is this origin allowed, and the chat's host in the page's frame-src?";

/**
 * @param {Widget} widget
 * @returns {Promise<Panel>}
 */
export async function mount(widget) {
  widget.root.adoptedStyleSheets.push(styleSheet(SHEET));
  const panel = new FramedPanel(widget);
  await panel.isThere;
  return panel;
}

/** @implements {Panel} */
class FramedPanel {
  #widget;
  #key;
  #frame = element("iframe", { allow: "autoplay" });
  #box = element("dialog", { class: "panel framed" }, this.#frame);
  /** @type {MessagePort | null} */
  #port = null;
  #gone = new AbortController();
  #goBack = () => {};
  #arrive = () => {};
  /** @type {(error: Error) => void} */
  #give = () => {};
  /** @type {Promise<void>} */
  isThere = new Promise((resolve, reject) => {
    this.#arrive = resolve;
    this.#give = reject;
  });

  /** @param {Widget} widget */
  constructor(widget) {
    const { origin, workspace, root } = widget;
    const { signal } = this.#gone;
    this.#widget = widget;
    this.#key = `supportbot:${workspace}`;
    this.#frame.src = `${origin}/widget/${workspace}/frame/?page=${encodeURIComponent(location.origin)}`;
    this.#frame.onload = () => setTimeout(() => this.#port || this.#fail(SILENT), PATIENCE);
    this.#box.oncancel = (event) => {
      event.preventDefault();
      this.close();
    };
    addEventListener("message", (event) => this.#greet(event), { signal });
    fillScreen(this.#box, () => {}, signal);
    root.append(this.#box);
  }

  get isOpen() {
    return this.#box.open;
  }

  /** @param {boolean} takeFocus */
  open(takeFocus) {
    if (this.isOpen) return;
    this.#goBack = wayBack(this.#widget);
    if (takeFocus && isSmallScreen()) this.#box.showModal();
    else this.#box.setAttribute("open", "");
    if (takeFocus) this.#frame.focus();
    this.#tell("open", takeFocus);
    this.#widget.opened(true);
  }

  close() {
    if (!this.isOpen) return;
    this.#tell("close");
    this.#box.close();
    this.#goBack();
    this.#widget.opened(false);
  }

  introduce(isAnew = false) {
    this.#tell("introduce", isAnew);
  }

  /** @param {string} language */
  speak(language) {
    this.#tell("speak", language);
  }

  signOut() {
    this.#tell("signOut");
  }

  /** The frame may still have to sign out, so it goes when it says that it is ready. */
  destroy() {
    this.#box.close();
    if (this.#port) this.#tell("destroy");
    else this.#leave();
  }

  #leave() {
    this.#gone.abort();
    this.#box.remove();
  }

  /** @param {string} reason */
  #fail(reason) {
    this.#leave();
    this.#give(new Error(reason));
  }

  /**
   * The frame's document is there; again, where the page has moved it. What follows goes through a port of our own.
   * @param {MessageEvent} event
   */
  #greet({ source, origin, data }) {
    if (source !== this.#frame.contentWindow || origin !== this.#widget.origin || data !== "supportbot:hello") return;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    port1.onmessage = (message) => this.#hear(message);
    this.#frame.contentWindow?.postMessage({ page: this.#page, isOpen: this.isOpen }, origin, [port2]);
  }

  /**
   * @param {ToFrame["name"]} name
   * @param {unknown} [value]
   */
  #tell(name, value) {
    this.#port?.postMessage({ name, value, page: this.#page });
  }

  /** What the page has said, as the frame can take it. */
  get #page() {
    const { profile, language, colour, said, page } = this.#widget;
    const { token, ...user } = profile.user;
    const { lang } = document.documentElement;
    const known = JSON.parse(JSON.stringify({ ...profile, user }));
    return { profile: known, signs: Boolean(token), language, colour, said, address: page, lang };
  }

  /** @param {MessageEvent<FromFrame>} event */
  #hear({ data, ports: [answer] }) {
    const { name, value } = data;
    if (name === "there") this.#settle(value);
    else if (name === "failed") this.#fail(value);
    else if (name === "closed") this.close();
    else if (name === "gone") this.#leave();
    else if (name === "token") void this.#sign(answer);
    else if (name === "emit") this.#widget.emit(value.event, value.detail);
    else if (name === "paint") this.#paint(value);
    else if (name === "speak") this.#speak(value);
    else if (name === "unread") this.#widget.unread(value);
    else if (name === "restart") this.#widget.restart();
    else if (name === "forget") this.#widget.forget();
  }

  /** @param {string} colour */
  #settle(colour) {
    this.#paint(colour);
    this.#arrive();
  }

  /** @param {{language: string, title: string}} words */
  #speak({ language, title }) {
    this.#widget.speak(language);
    this.#frame.title = this.#box.ariaLabel = title;
  }

  /** The page keeps no more than that the visitor was here, and the colour. @param {string} colour */
  #paint(colour) {
    this.#widget.paint(colour);
    try {
      // on the chat's own pages the frame keeps the visitor in the same place
      const kept = this.#widget.origin === location.origin ? JSON.parse(localStorage.getItem(this.#key) ?? "{}") : {};
      localStorage.setItem(this.#key, JSON.stringify({ ...kept, framed: true, colour }));
    } catch {
      // The next page waits for a click.
    }
  }

  /** The page's function signs, on the page. @param {MessagePort} answer */
  async #sign(answer) {
    const { token } = this.#widget.profile.user;
    try {
      answer.postMessage({ token: typeof token === "function" ? await token() : token });
    } catch (error) {
      answer.postMessage({ error: String(error) });
    }
  }
}
