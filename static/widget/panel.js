// The chat panel: a dialog beside the page, or over all of it on a small screen. Loaded when the chat is first opened.
// Puts the parts together; the conversation decides what is true, the parts decide how it looks.

/** @import {Attachment, Author, Message, Panel, State, Widget, Workspace} from "./protocol.js" */

import { Attach, files } from "./attach.js";
import { Banner } from "./banner.js";
import { Cards } from "./cards.js";
import { Composer } from "./composer.js";
import { Conversation } from "./conversation.js";
import { Details } from "./details.js";
import { element, icon, styleSheet } from "./dom.js";
import { Extras } from "./extras.js";
import { MessageList } from "./message_list.js";
import { readText } from "./items.js";
import { fillScreen, isSmallScreen, wayBack } from "./screen.js";
import { Store } from "./store.js";
import { beginTexts, speak, words, written } from "./texts.js";

const SPOKEN_LINES = 5;
/** Before the server has told them. */
const NO_LIMITS = { most: 5, megabytes: 10 };
const SHEETS = [`{place.css}`, `{panel.css}`, `{messages.css}`, `{cards.css}`, `{more.css}`];

/**
 * @param {Widget} widget
 * @returns {Promise<Panel>}
 */
export async function mount(widget) {
  await speak(widget.language);
  widget.root.adoptedStyleSheets.push(...SHEETS.map(styleSheet));
  await speak(widget.language); // the page may have changed its mind meanwhile
  return new ChatPanel(widget);
}

class ChatPanel {
  #widget;
  #store;
  #conversation;
  #list;
  #composer;
  #cards;
  #details;
  #extras;
  #banner;
  #isDrawing = false;
  #told = "";
  #heard = "";
  #endTexts = beginTexts();
  #isIntroduced = false;
  #gone = new AbortController();
  #goBack = () => {};
  #mark = element("span", { class: "mark", "aria-hidden": "true" });
  #title = element("h2", { id: "title", tabindex: "-1" });
  #line = element("p", { class: "line", role: "status" });
  #hours = element("p", { class: "hours", dir: "auto", hidden: "" });
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
      profile: () => widget.profile,
      page: () => widget.page,
      failed: (code, message) => widget.emit("error", { code, message }),
      stranger: () => this.#startOver(),
    });
    const fill = (/** @type {HTMLElement} */ list, /** @type {Attachment[]} */ files) => this.#fill(list, files);
    this.#list = new MessageList(widget.origin, (clientId) => this.#conversation.retry(clientId), fill);
    this.#cards = new Cards(this.#conversation, () => this.#takeFocusBack());
    this.#composer = new Composer((body, files) => this.#post(body, files), (draft) => this.#typed(draft), (listener) => this.#attach(listener));
    this.#details = new Details((answers) => this.#introduced(answers));
    this.#extras = new Extras(widget, this.#store, this.#conversation, () => this.open(true));
    this.#banner = new Banner(this.#conversation, () => this.#drawSoon());
    this.#build();
    this.#conversation.start();
  }

  get isOpen() {
    return this.#dialog.open;
  }

  /** @param {boolean} takeFocus false where the page opens it again by itself after a reload */
  open(takeFocus) {
    if (this.isOpen) return;
    this.#goBack = wayBack(this.#widget);
    this.#show(takeFocus);
    this.#list.goToEnd();
    this.#fit();
    this.#seen();
    this.#widget.opened(true);
  }

  close() {
    if (!this.isOpen) return;
    this.#dialog.close();
    this.#goBack();
    this.#widget.opened(false);
  }

  /** @param {boolean} [isAnew] */
  introduce(isAnew = false) {
    this.#conversation.introduce(isAnew);
    this.#draw();
  }

  /** @param {string} language */
  async speak(language) {
    await speak(language);
    this.#conversation.speak();
  }

  signOut() {
    this.#conversation.end();
    this.#store.forget();
  }

  destroy() {
    this.#gone.abort();
    this.#endTexts();
    this.#conversation.stop();
    this.#dialog.remove();
  }

  #startOver() {
    this.#store.startOver();
    this.#widget.restart();
  }

  #build() {
    const heading = element("div", { class: "heading" }, this.#title, this.#line);
    const header = element("header", {}, this.#mark, heading, ...this.#extras.buttons, this.#close);
    const stage = element("div", { class: "stage" }, this.#list.scroller, this.#list.pill);
    const body = element("div", { class: "body" }, stage, this.#composer.element, this.#extras.element);
    this.#extras.cover(stage, this.#composer.element);
    this.#list.foot.append(this.#hours, this.#details.element, this.#cards.element);
    this.#dialog.append(header, this.#banner.element, body, this.#spoken);
    this.#widget.root.append(this.#dialog);
    this.#close.onclick = () => this.close();
    this.#composer.person.onclick = () => this.#conversation.requestAgent();
    this.#composer.draft = this.#store.visitor.draft;
    this.#dialog.addEventListener("keydown", (event) => this.#key(event));
    this.#dialog.addEventListener("cancel", (event) => this.#cancel(event));
    document.addEventListener("visibilitychange", () => this.#seen(), { signal: this.#gone.signal });
    fillScreen(this.#dialog, () => this.#fit(), this.#gone.signal);
    written(() => this.#translate());
  }

  #translate() {
    this.#widget.speak(words.language);
    this.#close.ariaLabel = words.close;
    this.#spoken.ariaLabel = words.newMessages;
    this.#draw();
  }

  #fit() {
    this.#composer.fit();
    this.#list.follow();
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

  /** @param {HTMLElement} quiet where to, if nothing can be written or writing would bring up a keyboard on the screen */
  #takeFocus(quiet) {
    const isQuiet = matchMedia("(pointer: coarse)").matches || this.#composer.element.hidden;
    if (isQuiet) quiet.focus({ preventScroll: true });
    else this.#composer.focus();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key !== "Escape") return;
    if (this.#extras.close()) return event.preventDefault();
    this.#cancel(event);
  }

  /** @param {Event} event */
  #cancel(event) {
    event.preventDefault();
    this.close();
  }

  /**
   * @param {{changed: () => void, insert: (sign: string) => void}} listener
   */
  #attach(listener) {
    const limits = () => this.#conversation.state?.workspace?.files ?? NO_LIMITS;
    const attach = new Attach(this.#widget.root, this.#widget, this.#store, limits, listener);
    attach.catch(this.#dialog);
    return attach;
  }

  /**
   * @param {HTMLElement} list
   * @param {Attachment[]} attachments
   */
  async #fill(list, attachments) {
    if (!attachments.length) return list.replaceChildren();
    const { Door, gallery } = await files(this.#widget.root);
    const door = new Door(this.#widget.origin, this.#widget.workspace, this.#store);
    list.replaceChildren(...gallery(attachments, door, words.files, this.#widget.root));
  }

  /**
   * @param {string} body
   * @param {Attachment[]} attachments
   */
  #post(body, attachments) {
    this.#store.remember({ draft: "" });
    this.#conversation.post(body, attachments);
  }

  /** @param {string} draft */
  #typed(draft) {
    this.#store.remember({ draft });
    this.#conversation.type(draft.trim() !== "");
  }

  /** @param {Message} message */
  #arrived(message) {
    this.#widget.emit("message", message);
    if (!this.isOpen || document.hidden) this.#extras.tell(this.#nameOf(message), readText(message));
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
    if (this.#isDrawing || this.#gone.signal.aborted) return;
    this.#isDrawing = true;
    queueMicrotask(() => {
      this.#isDrawing = false;
      this.#draw();
    });
  }

  #draw() {
    const { state, link, items, writer, isAsking } = this.#conversation;
    this.#hear(state?.language ?? "");
    this.#tell(state);
    this.#drawHeader(state);
    this.#drawBeforeFirst(state);
    this.#banner.draw();
    this.#extras.draw();
    this.#drawPerson(state, isAsking);
    this.#composer.disabled = link === "refused";
    this.#cards.draw();
    this.#list.render(items, writer, (item) => this.#nameOf(item));
    this.#seen();
  }

  /** As the customer writes, once that is known, until the page says otherwise. @param {string} language */
  #hear(language) {
    if (language && language !== this.#heard) void speak(language);
    this.#heard = language || this.#heard;
  }

  /** The page hears when a conversation has begun, and who has the turn in it. @param {State | null} state */
  #tell(state) {
    if (!state?.conversation) return;
    const { conversation: id, status, handler } = state;
    const news = JSON.stringify([id, status, handler]);
    if (news !== this.#told) this.#widget.emit("conversation", { id, status, handler });
    this.#told = news;
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

  /** Before the first message: when people are there, and who the visitor is, if the workspace asks. @param {State | null} state */
  #drawBeforeFirst(state) {
    const { form = null, hours = "" } = state?.workspace ?? {};
    const isFirst = !this.#conversation.items.length;
    const { name, email } = { ...this.#store.visitor, ...this.#widget.profile.user };
    const answers = { name, email };
    const isAsked = form && isFirst && !this.#isIntroduced && form.fields.some((field) => !answers[field]);
    this.#hours.hidden = !hours || !isFirst;
    if (this.#hours.textContent !== hours) this.#hours.replaceChildren(icon("clock"), hours);
    this.#details.draw(isAsked ? form : null);
    this.#composer.element.hidden = Boolean(isAsked);
  }

  /** @param {{name?: string, email?: string}} answers */
  #introduced(answers) {
    this.#isIntroduced = true;
    this.#store.remember(answers);
    this.introduce();
    this.#composer.focus();
  }

  /** @param {Workspace} workspace */
  #greet(workspace) {
    const { colour } = workspace;
    const greeting = this.#widget.said || workspace.greeting;
    this.#list.greet({ ...workspace, greeting }, this.#nameOf({ author: "bot", name: "" }));
    if (colour === this.#store.visitor.colour) return;
    this.#store.remember({ colour });
    this.#widget.paint(colour);
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
