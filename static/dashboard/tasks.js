// The page of tasks: what the address asks for, drawn by the server and drawn again as tasks change anywhere.

/** @import {ClientFrame, Row, ServerFrame} from "./protocol.js" */

import { Connection } from "../widget/connection.js";
import { callOf } from "./calls.js";
import { address, byId, get, setText } from "./page.js";
import { PieceDialog } from "./piece.js";
import { localise } from "./times.js";

const SOON = 150; // milliseconds in which several changes are one
const TYPING = 300;
const CHANGES = ["tasks.changed", "conversation.erased", "conversation.merged", "pong", "presence"];

class TasksPage {
  #me = Number(byId("desk", HTMLElement).dataset.user);
  #listed = byId("listed", HTMLElement);
  #narrow = byId("narrow", HTMLFormElement);
  #banner = byId("banner", HTMLElement);
  #pieces = new PieceDialog();
  /** @type {Map<string, Row>} */
  #rows = new Map();
  #html = "";
  #dragged = "";
  /** @type {number | undefined} */
  #soon;

  constructor() {
    localise(this.#listed);
    this.#listen();
    this.#listenToDrags();
    const url = new URL(address("").replace("/inbox/", "/ws/v1/inbox/"), location.href);
    url.protocol = url.protocol.replace("http", "ws");
    /** @type {Connection<ServerFrame, ClientFrame>} */
    const connection = new Connection(url.href, {
      up: () => (this.#banner.hidden = true),
      down: () => this.#say("The connection is lost. Reconnecting…"),
      frame: (frame) => this.#apply(frame),
    });
    connection.start();
    const wanted = new URLSearchParams(location.search).get("task");
    if (wanted && /^\d+$/.test(wanted)) this.#pieces.open(`tasks/${wanted}/`);
  }

  #listen() {
    document.addEventListener("click", ({ target }) => this.#click(target));
    this.#listed.addEventListener("change", ({ target }) => {
      if (target instanceof HTMLSelectElement && target.dataset.moves) this.#move(target.dataset.moves, target.value);
    });
    this.#narrow.addEventListener("submit", (event) => event.preventDefault());
    this.#narrow.addEventListener("input", ({ target }) => this.#loadSoon(target instanceof HTMLSelectElement ? 0 : TYPING));
    byId("notice-close", HTMLButtonElement).onclick = () => byId("notice", HTMLElement).classList.remove("shown");
  }

  /** @param {EventTarget | null} target */
  #click(target) {
    if (!(target instanceof Element)) return;
    if (target.closest("[data-closes]")) target.closest("dialog")?.close();
    const piece = target.closest("[data-piece]");
    if (piece instanceof HTMLElement && piece.dataset.piece) this.#pieces.open(piece.dataset.piece);
    const choice = target.closest("[data-whose], [data-shape]");
    if (choice instanceof HTMLElement) this.#choose(choice);
  }

  /** @param {HTMLElement} button */
  #choose(button) {
    const [[name, value]] = Object.entries(button.dataset);
    const field = this.#narrow.elements.namedItem(name);
    if (field instanceof HTMLInputElement) field.value = value ?? "";
    for (const one of document.querySelectorAll(`[data-${name}]`)) one.setAttribute("aria-pressed", String(one === button));
    this.#loadSoon(0);
  }

  /** Cards go from column to column; the field of each card does the same for the keyboard. */
  #listenToDrags() {
    this.#listed.addEventListener("dragstart", (event) => {
      const card = event.target instanceof Element ? event.target.closest("[data-task]") : null;
      if (!(card instanceof HTMLElement) || !event.dataTransfer) return;
      this.#dragged = card.dataset.task ?? "";
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", this.#dragged);
    });
    this.#listed.addEventListener("dragover", (event) => this.#over(event));
    this.#listed.addEventListener("drop", (event) => this.#drop(event));
    this.#listed.addEventListener("dragend", () => this.#endDrag());
  }

  /** @param {DragEvent} event */
  #over(event) {
    const column = this.#dragged ? columnOf(event) : null;
    for (const one of this.#listed.querySelectorAll(".column")) one.classList.toggle("over", one === column);
    if (column) event.preventDefault();
  }

  /** @param {DragEvent} event */
  #drop(event) {
    const column = columnOf(event);
    const [task, status] = [this.#dragged, column?.dataset.status];
    if (!task || !column || !status) return;
    event.preventDefault();
    this.#endDrag();
    if (!column.querySelector(`[data-task="${task}"]`)) this.#move(task, status);
  }

  #endDrag() {
    this.#dragged = "";
    for (const one of this.#listed.querySelectorAll(".column.over")) one.classList.remove("over");
    this.#loadSoon(0);
  }

  /**
   * What is refused is asked in a dialog; the page shows what is so in the end.
   * @param {string} task
   * @param {string} status
   */
  async #move(task, status) {
    await this.#pieces.post(`tasks/${task}/move/${status}/`, new FormData(this.#narrow));
    this.#html = "";
    this.#loadSoon(0);
  }

  /** @param {ServerFrame} frame */
  #apply(frame) {
    if (CHANGES.includes(frame.type)) this.#loadSoon();
    if (frame.type === "task.called") this.#tell(frame.words, frame.conversation ?? "");
    if (frame.type === "error" && frame.code === "forbidden") this.#say("You are signed out. Load the page again to sign in.");
    if (frame.type !== "conversation.changed") return;
    const row = frame.conversation;
    const call = callOf(this.#rows.get(row.id), row, { id: this.#me, isAway: true });
    this.#rows.set(row.id, row);
    if (call) this.#tell(call.words, row.id);
  }

  /** @param {number} wait milliseconds */
  #loadSoon(wait = SOON) {
    clearTimeout(this.#soon);
    this.#soon = setTimeout(() => this.#load(), wait);
  }

  async #load() {
    if (this.#dragged) return;
    const given = new FormData(this.#narrow);
    given.delete("csrfmiddlewaretoken");
    const asked = new URLSearchParams([...given].flatMap(([name, value]) => (value ? [[name, String(value)]] : [])));
    const html = await get("tasks/list/", asked).then((answer) => answer.text()).catch(() => "");
    if (!html || html === this.#html) return;
    history.replaceState(null, "", address("tasks/", asked));
    this.#html = html;
    const focused = this.#listed.contains(document.activeElement) ? document.activeElement?.id : "";
    this.#listed.replaceChildren(...new DOMParser().parseFromString(html, "text/html").body.childNodes);
    localise(this.#listed);
    if (focused) document.getElementById(focused)?.focus();
  }

  /** @param {string} words */
  #say(words) {
    setText(this.#banner, words);
    this.#banner.hidden = !words;
  }

  /**
   * @param {string} words
   * @param {string} conversation that it leads to
   */
  #tell(words, conversation) {
    byId("notice", HTMLElement).classList.add("shown");
    setText(byId("notice-words", HTMLElement), words);
    const link = byId("notice-open", HTMLAnchorElement);
    link.hidden = !conversation;
    link.href = address(conversation ? `${conversation}/` : "");
  }
}

/** @param {DragEvent} event */
function columnOf({ target }) {
  const column = target instanceof Element ? target.closest(".column") : null;
  return column instanceof HTMLElement ? column : null;
}

new TasksPage();
