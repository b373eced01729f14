// The inbox: puts the parts together and keeps the page's address true. The desk decides what is so, the parts how it looks.

/** @import {Action} from "./desk.js" */
/** @import {Command} from "./keys.js" */
/** @import {Row, Said} from "./protocol.js" */

import { element } from "../widget/dom.js";
import { Availability } from "./availability.js";
import { CommandBar } from "./bar.js";
import { BulkBar } from "./bulkbar.js";
import { commandsOf } from "./commands.js";
import { Composer } from "./composer.js";
import { Desk } from "./desk.js";
import { DigestChoice } from "./digest.js";
import { Facts } from "./facts.js";
import { listenToKeys, showHelp } from "./keys.js";
import { LabelDialog } from "./labels.js";
import { List } from "./list.js";
import { NoticeLine } from "./notice.js";
import { address, byId, setText } from "./page.js";
import { PieceDialog } from "./piece.js";
import { Preferences } from "./preferences.js";
import { Properties } from "./properties.js";
import { Search } from "./search.js";
import { SnoozeDialog } from "./snooze.js";
import { authorName, Thread } from "./thread.js";
import { Views } from "./views.js";
import { company, dueChip, standing } from "./words.js";

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
  #views;
  #bulkBar;
  #availability;
  #digest;
  #labelDialog;
  #properties;
  #notice;
  #search;
  #thread;
  #composer;
  #facts;
  #isDrawing = false;
  #lostAt = 0;
  /** @type {Action | null} after which the focus moves on */
  #done = null;
  /** @type {string | undefined} the conversation to open after that */
  #next;
  #root = byId("desk", HTMLElement);
  #title = byId("talk-title", HTMLElement);
  #buttons = {
    take: byId("take", HTMLButtonElement),
    release: byId("release", HTMLButtonElement),
    resolve: byId("resolve", HTMLButtonElement),
  };
  #snooze = byId("snooze", HTMLButtonElement);
  #snoozeDialog = new SnoozeDialog();
  #pieces = new PieceDialog();
  #preferences;

  constructor() {
    this.#preferences = new Preferences(Number(this.#root.dataset.user));
    this.#desk = new Desk(Number(this.#root.dataset.user), this.#root.dataset.name ?? "", {
      changed: () => this.#drawSoon(),
      arrived: (said) => this.#speak(said),
      erased: () => this.#leaveErased(),
      merged: (into) => this.#follow(into),
      called: (words, conversation) => this.#preferences.call(words, () => this.#go(conversation)),
    });
    const { choices } = this.#desk;
    this.#list = new List(this.#desk, (id) => this.#go(id));
    this.#views = new Views(this.#desk, choices, (view, search) => this.#choose(view, search));
    this.#bulkBar = new BulkBar(this.#desk, choices, this.#snoozeDialog);
    this.#availability = new Availability(this.#desk);
    this.#digest = new DigestChoice(this.#desk);
    this.#labelDialog = new LabelDialog(this.#desk, choices);
    this.#properties = new Properties(this.#desk, choices, this.#labelDialog);
    this.#search = new Search(this.#desk, (id) => this.#go(id));
    this.#notice = new NoticeLine(this.#desk, (id) => this.#go(id));
    this.#thread = new Thread(byId("stage", HTMLElement), { undo: (id) => this.#undo(id), explain: (seq) => this.#explain(seq) });
    this.#composer = new Composer(this.#desk);
    this.#facts = new Facts(this.#desk, this.#composer, this.#pieces, (seq) => this.#explain(seq));
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
    this.#snooze.onclick = () => this.#snoozeOrWake();
    byId("merge", HTMLButtonElement).onclick = () => this.#merge();
    this.#listenToAssistant();
    byId("back", HTMLButtonElement).onclick = () => this.#back();
    document.getElementById("workspace")?.addEventListener("change", () => byId("switch", HTMLFormElement).submit());
    document.addEventListener("visibilitychange", () => this.#desk.markRead());
    addEventListener("pagehide", () => this.#desk.current?.saveDrafts());
    document.addEventListener("keydown", (event) => this.#escape(event));
    addEventListener("popstate", () => this.#arrive());
    setInterval(() => this.#drawSoon(), CLOCK_EVERY);
    this.#listenToCommands();
  }

  #listenToCommands() {
    const views = [...document.querySelectorAll(/** @type {"button"} */ ("button[data-view]"))];
    const titles = views.map(({ dataset, firstChild }) => [dataset.view ?? "", firstChild?.textContent?.trim() ?? ""]);
    /** @type {Command[]} */
    const commands = commandsOf({
      next: () => this.#go(this.#desk.neighbour(1) ?? this.#desk.current?.id),
      previous: () => this.#go(this.#desk.neighbour(-1) ?? this.#desk.current?.id),
      reply: () => this.#reply(),
      note: () => this.#composer.write("note"),
      resolveAndNext: () => this.#resolveAndNext(),
      undo: () => this.#undo(),
      explain: () => this.#explain(this.#desk.current?.explained ?? 0),
      canExplain: () => Boolean(this.#desk.current?.explained),
      search: () => byId("search", HTMLInputElement).focus(),
      bar: () => bar.show(),
      help: () => showHelp(commands),
      press: (name) => byId(name, HTMLButtonElement).click(),
      offers: (name) => Boolean(this.#desk.row) && !byId(name, HTMLButtonElement).hidden,
      prioritise: (priority) => this.#desk.change("conversation.prioritise", { priority }),
      canUndo: () => this.#desk.current?.canUndo ?? false,
      show: (view) => this.#choose(view, new URLSearchParams()),
    }, /** @type {[string, string][]} */ (titles));
    const inBar = commands.filter(({ keys }) => keys !== "Ctrl+K");
    const bar = new CommandBar(this.#desk, () => [...inBar, ...this.#macros], (id) => this.#go(id));
    byId("help", HTMLButtonElement).onclick = () => showHelp(commands);
    byId("bar-open", HTMLButtonElement).onclick = () => bar.show();
    listenToKeys(commands);
  }

  /** @returns {Command[]} */
  get #macros() {
    return this.#facts.macros.map(([id, name]) => ({ keys: "", title: `Run macro: ${name}`, run: () => this.#facts.run(id) }));
  }

  #reply() {
    this.#composer.write("reply");
    if (!this.#composer.isOpen) this.#act("take");
  }

  /** The next one is opened once this one is resolved; what is refused stays. */
  #resolveAndNext() {
    this.#next = this.#desk.neighbour(1);
    this.#act("resolve");
  }

  #snoozeOrWake() {
    if (this.#desk.row?.status === "snoozed") this.#desk.change("conversation.wake", {});
    else this.#snoozeDialog.open((until) => this.#desk.change("conversation.snooze", { until }));
  }

  /**
   * @param {string} view
   * @param {URLSearchParams} search its filters
   */
  #choose(view, search) {
    const query = new URLSearchParams(search);
    query.set("view", view);
    this.#search.leave();
    this.#list.rewind();
    this.#go(this.#desk.current?.id, query);
  }

  /**
   * @param {string | undefined} id
   * @param {URLSearchParams} query what the list shows
   */
  #go(id, query = this.#desk.listing.query) {
    const asked = new URLSearchParams(location.search).get("q");
    if (asked) query.set("q", asked);
    const place = address(id ? `${id}/` : "", query);
    if (place !== location.pathname + location.search) history.pushState(null, "", place);
    this.#arrive();
    if (id && isPhone()) this.#title.focus();
  }

  /** Show what the page's address says. */
  #arrive() {
    const [id] = location.pathname.split("/").slice(2);
    this.#desk.show(new URLSearchParams(location.search));
    if (id !== this.#desk.current?.id) this.#leave();
    this.#desk.open(id || null);
  }

  /** What was under way belongs to the conversation that was open. */
  #leave() {
    this.#done = null;
    this.#next = undefined;
    this.#facts.show(false, false);
  }

  #back() {
    const id = this.#desk.current?.id ?? "";
    this.#go(undefined);
    queueMicrotask(() => this.#list.focus(id));
  }

  #leaveErased() {
    this.#go(undefined);
    this.#desk.tell("The customer had this conversation deleted.");
  }

  /** The open conversation is a part of another one now. @param {string} into its id */
  #follow(into) {
    history.replaceState(null, "", address(`${into}/`, this.#desk.listing.query));
    this.#arrive();
  }

  #merge() {
    if (this.#desk.current) this.#pieces.open(`${this.#desk.current.id}/merge/`);
  }

  /** Viewers have none. What it proposes goes where the agent writes, once they take it. */
  #listenToAssistant() {
    const button = document.getElementById("assist");
    if (button) button.onclick = () => this.#desk.current && this.#pieces.open(`${this.#desk.current.id}/assist/`);
    this.#pieces.words = () => this.#composer.words;
    this.#pieces.onDone = ({ words, mode }) => {
      if (words !== undefined) this.#composer.replace(words, mode === "note" ? "note" : this.#composer.mode);
    };
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

  /** @param {string} [clientId] */
  #undo(clientId) {
    this.#desk.current?.undo(clientId);
    this.#composer.write("reply");
  }

  /** @param {number} seq of one of the bot's replies */
  #explain(seq) {
    if (this.#desk.current) this.#pieces.open(`${this.#desk.current.id}/replies/${seq}/`);
  }

  /** @param {Said} said */
  #speak(said) {
    const contact = this.#desk.row?.contact.name ?? "";
    const line = element("p", { dir: "auto" }, [authorName(said, contact), said.body].filter(Boolean).join(": "));
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
    this.#views.draw();
    this.#search.draw();
    this.#list.draw();
    this.#bulkBar.draw();
    this.#availability.draw();
    this.#digest.draw();
    this.#notice.draw();
    this.#labelDialog.draw();
    this.#properties.draw();
    this.#drawHead(row);
    this.#composer.draw();
    this.#facts.draw();
    setText(byId("others", HTMLElement), current ? company(current.company) : "");
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
    byId("dues", HTMLElement).replaceChildren(...(row?.due ?? []).map(dueChip));
    setText(byId("alarm", HTMLElement), alarm);
    const isLive = row !== undefined && row.status !== "resolved";
    this.#buttons.take.hidden = !isLive || row.handler === "agent";
    this.#buttons.release.hidden = !isLive || !isMine;
    this.#buttons.resolve.hidden = !isLive || (row.handler === "agent" && !isMine);
    this.#snooze.hidden = this.#buttons.resolve.hidden;
    setText(this.#snooze, row?.status === "snoozed" ? "End snooze" : "Snooze");
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
    const words = isShort ? "" : BANNERS[link];
    banner.hidden = !words;
    if (banner.dataset.words === words) return;
    banner.dataset.words = words;
    banner.replaceChildren(words, ...(link === "signed out" ? [element("a", { href: location.href }, "Sign in again")] : []));
  }

  /** The button that was pressed is gone: the focus goes where the work goes on. */
  #moveFocus() {
    const { asked, alarm, isMine } = this.#desk;
    if (!this.#done || asked || (this.#done === "take" && !isMine && !alarm)) return;
    const next = alarm ? undefined : this.#next;
    this.#next = undefined;
    if (next) this.#go(next);
    if (!this.#desk.alarm) (this.#done === "take" && this.#composer.isOpen ? this.#composer : this.#title).focus();
    this.#done = null;
  }
}

function isPhone() {
  return matchMedia("(max-width: 760px)").matches;
}

new Inbox();
