// The inbox: puts the parts together and keeps the page's address true. The desk decides what is so, the parts how it looks.

/** @import {Action} from "./desk.js" */
/** @import {Message, Row} from "./protocol.js" */

import { element } from "../widget/dom.js";
import { Composer } from "./composer.js";
import { Desk } from "./desk.js";
import { Facts } from "./facts.js";
import { listenToKeys } from "./keys.js";
import { List } from "./list.js";
import { address, byId, setText } from "./page.js";
import { authorName, Thread } from "./thread.js";
import { standing } from "./words.js";

const SPOKEN_LINES = 5;
const CLOCK_EVERY = 20_000;
const PATIENCE = 1_500;
const BANNERS = {
  connecting: "",
  up: "",
  down: "The connection is lost. Reconnecting… What you write is kept.",
  "signed out": "You are signed out. ",
};

class Inbox {
  #desk;
  #list;
  #thread;
  #composer;
  #facts;
  #isDrawing = false;
  #lostAt = 0;
  /** @type {Action | null} after which the focus moves on */
  #done = null;
  #root = byId("desk", HTMLElement);
  #title = byId("talk-title", HTMLElement);
  #buttons = {
    take: byId("take", HTMLButtonElement),
    release: byId("release", HTMLButtonElement),
    resolve: byId("resolve", HTMLButtonElement),
  };

  #notice = "";

  constructor() {
    this.#desk = new Desk(Number(this.#root.dataset.user), this.#root.dataset.name ?? "", {
      changed: () => this.#drawSoon(),
      arrived: (message) => this.#speak(message),
      erased: () => this.#leaveErased(),
    });
    this.#list = new List(this.#desk, (id) => this.#go(id), (view) => this.#go(this.#desk.current?.id, view));
    this.#thread = new Thread(byId("stage", HTMLElement));
    this.#composer = new Composer(this.#desk);
    this.#facts = new Facts(this.#desk, this.#composer);
    this.#listen();
    this.#arrive();
    this.#desk.start();
  }

  #listen() {
    this.#buttons.take.onclick = () => this.#act("take");
    this.#buttons.release.onclick = () => byId("hand-back", HTMLDialogElement).showModal();
    byId("hand-back", HTMLDialogElement).addEventListener("click", (event) => this.#cancelHandBack(event));
    byId("hand-back", HTMLDialogElement).addEventListener("submit", () => this.#handBack());
    this.#buttons.resolve.onclick = () => this.#act("resolve");
    byId("back", HTMLButtonElement).onclick = () => this.#back();
    document.getElementById("workspace")?.addEventListener("change", () => byId("switch", HTMLFormElement).submit());
    document.addEventListener("visibilitychange", () => this.#desk.markRead());
    document.addEventListener("keydown", (event) => this.#escape(event));
    addEventListener("popstate", () => this.#arrive());
    setInterval(() => this.#drawSoon(), CLOCK_EVERY);
    listenToKeys({
      next: () => this.#go(this.#desk.neighbour(1) ?? this.#desk.current?.id),
      previous: () => this.#go(this.#desk.neighbour(-1) ?? this.#desk.current?.id),
      reply: () => (this.#composer.isOpen ? this.#composer.focus() : this.#act("take")),
      resolve: () => this.#act("resolve"),
    });
  }

  /**
   * @param {string | undefined} id
   * @param {string} view
   */
  #go(id, view = this.#desk.view) {
    const place = address(id ? `${id}/` : "", { view });
    if (place !== location.pathname + location.search) history.pushState(null, "", place);
    this.#arrive();
    if (id && isPhone()) this.#title.focus();
  }

  /** Show what the page's address says. */
  #arrive() {
    this.#notice = "";
    const [id] = location.pathname.split("/").slice(2);
    const view = new URLSearchParams(location.search).get("view");
    if (view !== this.#desk.view || !this.#desk.rows.counts) this.#desk.show(view);
    if (id !== this.#desk.current?.id) this.#facts.show(false, false);
    this.#desk.open(id || null);
  }

  #back() {
    const id = this.#desk.current?.id ?? "";
    this.#go(undefined);
    queueMicrotask(() => this.#list.focus(id));
  }

  #leaveErased() {
    this.#go(undefined);
    this.#notice = "The customer had this conversation deleted.";
    this.#drawSoon();
  }

  /** @param {KeyboardEvent} event */
  #escape(event) {
    if (event.key === "Escape" && this.#facts.isShown) this.#facts.show(false);
  }

  /** @param {Event} event */
  #cancelHandBack({ target }) {
    if (target instanceof Element && target.closest("[data-cancels]")) byId("hand-back", HTMLDialogElement).close();
  }

  #handBack() {
    const note = byId("note", HTMLTextAreaElement);
    this.#act("release", note.value.trim());
    note.value = "";
  }

  /**
   * @param {Action} action
   * @param {string} note
   */
  #act(action, note = "") {
    if (this.#buttons[action].hidden) return;
    this.#done = action;
    this.#desk.act(action, note);
  }

  /** @param {Message} message */
  #speak(message) {
    const contact = this.#desk.row?.contact.name ?? "";
    const line = element("p", { dir: "auto" }, [authorName(message, contact), message.body].filter(Boolean).join(": "));
    const spoken = byId("spoken", HTMLElement);
    spoken.append(line);
    if (spoken.children.length > SPOKEN_LINES) spoken.firstChild?.remove();
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
    const { current, row, online } = this.#desk;
    setText(byId("presence", HTMLElement), online ? `${online} ${online === 1 ? "agent" : "agents"} online` : "");
    this.#root.classList.toggle("talking", Boolean(current));
    byId("talk", HTMLElement).hidden = !current;
    byId("talk-empty", HTMLElement).hidden = Boolean(current);
    this.#drawBanner();
    this.#list.draw();
    this.#drawHead(row);
    this.#composer.draw();
    this.#facts.draw();
    if (current) this.#thread.draw(current, row?.contact.name ?? "Customer");
    else this.#thread.clear();
    this.#moveFocus();
  }

  /** @param {Row | undefined} row */
  #drawHead(row) {
    const { me, isMine, alarm, asked } = this.#desk;
    setText(this.#title, row?.contact.name ?? "");
    byId("verified", HTMLElement).hidden = !row?.contact.verified;
    setText(byId("standing", HTMLElement), row ? standing(row, me) : "");
    setText(byId("alarm", HTMLElement), alarm);
    const isLive = row !== undefined && row.status !== "resolved";
    this.#buttons.take.hidden = !isLive || row.handler === "agent";
    this.#buttons.release.hidden = !isLive || !isMine;
    this.#buttons.resolve.hidden = !isLive || (row.handler === "agent" && !isMine);
    for (const button of Object.values(this.#buttons)) button.setAttribute("aria-disabled", String(asked !== null));
  }

  /** A drop of a moment is nobody's business: the line comes when it lasts. */
  #drawBanner() {
    const { link } = this.#desk;
    if (link !== "down") this.#lostAt = 0;
    else if (!this.#lostAt) setTimeout(() => this.#drawSoon(), PATIENCE + 50);
    if (link === "down") this.#lostAt ||= Date.now();
    const isShort = link === "down" && Date.now() - this.#lostAt < PATIENCE;
    const banner = byId("banner", HTMLElement);
    const words = isShort ? "" : BANNERS[link] || this.#notice;
    banner.hidden = !words;
    if (banner.dataset.words === words) return;
    banner.dataset.words = words;
    banner.replaceChildren(words, ...(link === "signed out" ? [element("a", { href: location.href }, "Sign in again")] : []));
  }

  /** The button that was pressed is gone: the focus goes where the work goes on. */
  #moveFocus() {
    if (!this.#done || this.#desk.asked) return;
    if (!this.#desk.alarm) (this.#done === "take" && this.#composer.isOpen ? this.#composer : this.#title).focus();
    this.#done = null;
  }
}

function isPhone() {
  return matchMedia("(max-width: 760px)").matches;
}

new Inbox();
