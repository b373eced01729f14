// The panel as a document of our own inside a page that wants it apart; frame.js is its other end, on the page.
// Speaks to the page that the server has allowed, and to no other.

/** @import {Panel, Profile, Widget} from "./protocol.js" */
/** @import {FromFrame, Page, ToFrame} from "./port.js" */

import { shades } from "./colours.js";
import { element } from "./dom.js";
import { mount } from "./panel.js";
import { clear, follow } from "./storage.js";
import { Store } from "./store.js";
import { words } from "./texts.js";

const { workspace = "", page: origin = "", colour: ofWorkspace = "" } = document.documentElement.dataset;
const hello = new AbortController();

addEventListener("message", begin, { signal: hello.signal });
parent.postMessage("supportbot:hello", origin);

/** @param {MessageEvent} event */
async function begin({ source, origin: sender, data, ports: [port] }) {
  if (source !== parent || sender !== origin || !port) return;
  hello.abort();
  const widget = new FramedWidget(port, data.page);
  try {
    const panel = await mount(widget);
    port.onmessage = (event) => obey(event.data, widget, panel);
    widget.tell("there", new Store(workspace).visitor.colour || ofWorkspace);
    if (data.isOpen) panel.open(false);
  } catch (error) {
    widget.tell("failed", String(error));
  }
}

/**
 * @param {ToFrame} call
 * @param {FramedWidget} widget
 * @param {Panel} panel
 */
function obey({ name, value, page }, widget, panel) {
  widget.hear(page);
  if (name === "open") panel.open(value);
  else if (name === "close") panel.close();
  else if (name === "introduce") panel.introduce(value);
  else if (name === "speak") panel.speak(value);
  else if (name === "signOut") signOut(panel);
  else if (name === "destroy") destroy(widget, panel);
}

/** @param {Panel} panel */
function signOut(panel) {
  panel.signOut();
  clear(`supportbot:${workspace}`);
}

/**
 * @param {FramedWidget} widget
 * @param {Panel} panel
 */
function destroy(widget, panel) {
  panel.destroy();
  widget.tell("gone");
}

/** The page, as the panel knows it. @implements {Widget} */
class FramedWidget {
  #port;
  #host = document.createElement("supportbot-widget");
  root = this.#host.attachShadow({ mode: "open" });
  launcher = element("button"); // the page gives the focus back
  origin = location.origin;
  workspace = workspace;
  language = "";
  said = "";
  page = "";
  colour = "";
  /** @type {Profile} */
  profile = { user: {}, attributes: {}, conversation: {} };

  /**
   * @param {MessagePort} port
   * @param {Page} page
   */
  constructor(port, page) {
    this.#port = port;
    this.hear(page);
    this.#shade("");
    document.body.append(this.#host);
    follow(`supportbot:${workspace}`, { forget: () => this.forget(), restart: () => this.restart() });
  }

  /** What the page has said up to now. @param {Page} page */
  hear({ profile, signs, language, colour, said, address, lang }) {
    const token = signs ? () => this.#sign() : undefined;
    this.profile = { ...profile, user: { ...profile.user, token } };
    Object.assign(this, { language, colour, said, page: address });
    document.documentElement.lang = lang || language;
    this.#host.lang = language;
  }

  /**
   * @param {FromFrame["name"]} name
   * @param {unknown} [value]
   */
  tell(name, value) {
    this.#port.postMessage({ name, value });
  }

  /**
   * What is said stays here: the page hears only that something was.
   * @param {string} event
   * @param {any} [detail]
   */
  emit(event, detail) {
    const { seq, author, name, created_at } = detail ?? {};
    this.tell("emit", { event, detail: event === "message" ? { seq, author, name, created_at } : detail });
  }

  /** @param {string} colour */
  paint(colour) {
    this.#shade(colour);
    this.tell("paint", colour);
  }

  /** @param {string} language */
  speak(language) {
    this.language = this.#host.lang = language;
    this.tell("speak", { language, title: words.chat });
  }

  /** @param {boolean} open */
  opened(open) {
    if (!open) this.tell("closed");
  }

  /** @param {number} count */
  unread(count) {
    this.tell("unread", count);
  }

  restart() {
    this.tell("restart");
  }

  forget() {
    this.tell("forget");
  }

  /** @param {string} colour the workspace's, if it is known already */
  #shade(colour) {
    const shown = shades(this.colour || colour || ofWorkspace);
    for (const [name, value] of Object.entries(shown)) this.#host.style.setProperty(name, value);
  }

  /** @returns {Promise<string>} */
  #sign() {
    const { port1, port2 } = new MessageChannel();
    this.#port.postMessage({ name: "token" }, [port2]);
    return new Promise((resolve, reject) => {
      port1.onmessage = ({ data }) => ("error" in data ? reject(data.error) : resolve(data.token));
    });
  }
}
