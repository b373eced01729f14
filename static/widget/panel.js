// The chat panel: a dialog beside the page, or over all of it on a small screen. Loaded when the chat is first opened.
// Puts the parts together; the conversation decides what is true, the parts decide how it looks.

/** @import {Author, Message, Panel, State, Widget, Workspace} from "./protocol.js" */

import { Cards } from "./cards.js";
import { Composer } from "./composer.js";
import { Conversation } from "./conversation.js";
import { element, icon } from "./dom.js";
import { MessageList } from "./message_list.js";
import { readText } from "./items.js";
import { fillScreen } from "./screen.js";
import { Store } from "./store.js";
import { speak, words, written } from "./texts.js";

const SPOKEN_LINES = 5;
const PATIENCE = 1_500;

/**
 * @param {Widget} widget
 * @returns {Promise<Panel>}
 */
export async function mount(widget) {
  const sheets = Promise.all(["panel.css", "messages.css", "cards.css"].map(styleSheet));
  await speak(widget.language);
  widget.root.adoptedStyleSheets.push(...(await sheets));
  return new ChatPanel(widget);
}

/** @param {string} name */
async function styleSheet(name) {
  const response = await fetch(new URL(name, import.meta.url));
  if (!response.ok) throw new Error(`${name} of the chat answered ${response.status}`);
  return new CSSStyleSheet().replace(await response.text());
}

class ChatPanel {
  #widget;
  #store;
  #conversation;
  #list;
  #composer;
  #cards;
  #isDrawing = false;
  #lostAt = 0;
  /** @type {HTMLElement | null} */
  #opener = null;
  #mark = element("span", { class: "mark", "aria-hidden": "true" });
  #title = element("h2", { id: "title", tabindex: "-1" });
  #line = element("p", { class: "line", role: "status" });
  #banner = element("p", { class: "banner", role: "status", hidden: "" });
  #spoken = element("div", { class: "hidden", role: "log", "aria-live": "polite" });
  #close = element("button", { type: "button", class: "close" }, icon("close"));
  #dialog = element("dialog", { class: "panel", "aria-labelledby": "title" });

  /** @param {Widget} widget */
  constructor(widget) {
    this.#widget = widget;
    this.#store = new Store(widget.workspace);
    this.#conversation = new Conversation(widget.origin, widget.workspace, this.#store, {
      changed: () => this.#drawSoon(),
      arrived: (message) => this.#arrived(message),
      translated: (message) => this.#speak(message),
    });
    this.#list = new MessageList(widget.origin, (clientId) => this.#conversation.retry(clientId));
    this.#cards = new Cards(this.#conversation, () => this.#takeFocusBack());
    this.#composer = new Composer((body) => this.#post(body), (draft) => this.#typed(draft));
    this.#build();
    this.#conversation.start();
  }

  get isOpen() {
    return this.#dialog.open;
  }

  /** @param {boolean} takeFocus false where the page opens it again by itself after a reload */
  open(takeFocus) {
    if (this.isOpen) return;
    const active = document.activeElement;
    this.#opener = active instanceof HTMLElement && active !== document.body ? active : null;
    this.#show(takeFocus);
    this.#composer.fit();
    this.#list.goToEnd();
    this.#seen();
    this.#widget.opened(true);
  }

  close() {
    if (!this.isOpen) return;
    this.#dialog.close();
    const isInside = !this.#opener || this.#opener === this.#widget.root.host;
    (isInside ? this.#widget.launcher : this.#opener)?.focus();
    this.#widget.opened(false);
  }

  #build() {
    const heading = element("div", { class: "heading" }, this.#title, this.#line);
    const header = element("header", {}, this.#mark, heading, this.#close);
    const stage = element("div", { class: "stage" }, this.#list.scroller, this.#list.pill);
    this.#list.foot.append(this.#cards.element);
    this.#dialog.append(header, this.#banner, stage, this.#composer.element, this.#spoken);
    this.#widget.root.append(this.#dialog);
    this.#close.onclick = () => this.close();
    this.#composer.person.onclick = () => this.#conversation.requestAgent();
    this.#composer.draft = this.#store.visitor.draft;
    this.#dialog.addEventListener("keydown", (event) => this.#key(event));
    this.#dialog.addEventListener("cancel", (event) => this.#cancel(event));
    document.addEventListener("visibilitychange", () => this.#seen());
    fillScreen(this.#dialog, () => this.#list.follow());
    written(() => this.#translate());
  }

  #translate() {
    this.#widget.speak(words.language);
    this.#close.ariaLabel = words.close;
    this.#spoken.ariaLabel = words.newMessages;
    this.#draw();
  }

  /** @param {boolean} takeFocus */
  #show(takeFocus) {
    if (!takeFocus) return this.#dialog.setAttribute("open", "");
    if (isSmallScreen()) this.#dialog.showModal();
    else this.#dialog.show();
    this.#takeFocus(this.#title);
  }

  /** A button that had it is gone. */
  #takeFocusBack() {
    this.#takeFocus(this.#list.scroller);
  }

  /** @param {HTMLElement} quiet where to, if writing would bring up a keyboard on the screen */
  #takeFocus(quiet) {
    if (matchMedia("(pointer: coarse)").matches) quiet.focus({ preventScroll: true });
    else this.#composer.focus();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    this.#cancel(event);
  }

  /** @param {Event} event */
  #cancel(event) {
    event.preventDefault();
    this.close();
  }

  /** @param {string} body */
  #post(body) {
    this.#store.remember({ draft: "" });
    this.#conversation.post(body);
  }

  /** @param {string} draft */
  #typed(draft) {
    this.#store.remember({ draft });
    this.#conversation.type(draft.trim() !== "");
  }

  /** @param {Message} message */
  #arrived(message) {
    this.#widget.emit("message", message);
    this.#speak(message);
  }

  /** @param {Message} message */
  #speak(message) {
    const name = this.#nameOf(message);
    const offered = message.choices.length ? [words.offered(message.choices.join(", "))] : [];
    const read = readText(message);
    const said = name ? `${name}: ${read}` : read;
    const line = element("p", { dir: "auto" }, [said, ...offered].join(" "));
    this.#spoken.append(line);
    if (this.#spoken.children.length > SPOKEN_LINES) this.#spoken.firstChild?.remove();
  }

  #seen() {
    if (this.isOpen && !document.hidden) this.#conversation.markRead();
    this.#widget.unread(this.#conversation.unread);
  }

  #drawSoon() {
    if (this.#isDrawing) return;
    this.#isDrawing = true;
    queueMicrotask(() => {
      this.#isDrawing = false;
      this.#draw();
    });
  }

  #draw() {
    const { state, link, items, writer, isAsking } = this.#conversation;
    void speak(state?.language ?? words.language);
    this.#drawHeader(state);
    this.#drawBanner();
    this.#drawPerson(state, isAsking);
    this.#composer.disabled = link === "refused";
    this.#cards.draw();
    this.#list.render(items, writer, (item) => this.#nameOf(item));
    this.#seen();
  }

  /** @param {State | null} state */
  #drawHeader(state) {
    const workspace = state?.workspace;
    const name = state?.agent?.name ?? workspace?.name ?? "";
    this.#mark.textContent = [...name][0] ?? "";
    this.#mark.classList.toggle("agent", state?.handler === "agent");
    setText(this.#title, workspace?.name ?? words.chat);
    setText(this.#line, stateLine(state));
    if (workspace) this.#greet(workspace);
  }

  /** @param {Workspace} workspace */
  #greet(workspace) {
    const { colour } = workspace;
    this.#list.greet(workspace, this.#nameOf({ author: "bot", name: "" }));
    if (colour === this.#store.visitor.colour) return;
    this.#store.remember({ colour });
    this.#widget.paint(colour);
  }

  #drawBanner() {
    const line = this.#bannerLine();
    const symbol = this.#conversation.link === "up" ? "clock" : "cloud";
    if (this.#banner.textContent !== line) this.#banner.replaceChildren(icon(symbol), line);
    this.#banner.hidden = !line;
  }

  /** A drop of a moment is nobody's business: the line comes when it lasts. */
  #bannerLine() {
    const { link, refusal, held } = this.#conversation;
    if (link === "refused") return refusal;
    if (link !== "down") this.#lostAt = 0;
    if (link !== "down") return held;
    if (!navigator.onLine) return words.offline;
    if (!this.#lostAt) setTimeout(() => this.#drawSoon(), PATIENCE + 50);
    this.#lostAt ||= Date.now();
    return Date.now() - this.#lostAt >= PATIENCE ? words.reconnecting : "";
  }

  /**
   * @param {State | null} state
   * @param {boolean} isAsking
   */
  #drawPerson(state, isAsking) {
    const handler = state?.handler ?? "bot";
    const isDone = isAsking || handler !== "bot";
    const label = {
      bot: isAsking ? words.asking : words.talkToPerson,
      queue: words.asked,
      agent: words.isHere(state?.agent?.name ?? words.aPerson),
    }[handler];
    const { person } = this.#composer;
    const symbol = isDone ? "check" : "person";
    if (person.textContent !== label) person.replaceChildren(icon(symbol), label);
    person.setAttribute("aria-disabled", String(isDone));
  }

  /** @param {{author: Author, name: string}} item */
  #nameOf({ author, name }) {
    if (author === "system") return "";
    return name || words.assistant(this.#conversation.state?.workspace?.name ?? "").trim();
  }
}

function isSmallScreen() {
  return matchMedia("(max-width: 480px), (max-height: 480px)").matches;
}

/**
 * A status region that is set to the same words again would be read again.
 * @param {HTMLElement} target
 * @param {string} text
 */
function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

/** @param {State | null} state */
function stateLine(state) {
  if (!state) return words.connecting;
  if (state.handler === "agent") return words.answersYou(state.agent?.name ?? words.aColleague);
  return state.handler === "queue" ? words.waiting : words.automated;
}
