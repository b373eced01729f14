// The agent's desk: one connection, the rows of the inbox, the conversation that is open, and what the agent does.
// Knows no elements.

/** @import {AgentError, ClientFrame, Message, Row, ServerFrame, View} from "./protocol.js" */

import { Connection } from "../widget/connection.js";
import { address } from "./page.js";
import { Rows } from "./rows.js";
import { Transcript } from "./transcript.js";

const VIEWS = /** @type {const} */ (["unassigned", "mine", "all", "resolved"]);
const OFFLINE = "There is no connection now. Please try again in a moment.";

/** @typedef {"take" | "release" | "resolve"} Action */

export class Desk {
  #listener;
  #name;
  /** @type {Connection<ServerFrame, ClientFrame>} */
  #connection;
  /** @type {Map<string, Transcript>} */
  #transcripts = new Map();
  #read = "";

  /** @type {View} */
  view = "unassigned";
  /** @type {Transcript | null} */
  current = null;
  /** @type {"connecting" | "up" | "down" | "signed out"} */
  link = "connecting";
  /** @type {Action | null} what was asked for and is not yet done */
  asked = null;
  /** What the agent has to be told about the open conversation. */
  alarm = "";
  online = 0;

  /**
   * @param {number} me
   * @param {string} name the agent's own, as customers see it
   * @param {{changed: () => void, arrived: (message: Message) => void, erased: () => void}} listener
   */
  constructor(me, name, listener) {
    this.me = me;
    this.#name = name;
    this.#listener = listener;
    this.rows = new Rows(me, () => this.#changed());
    const url = new URL(address("").replace("/inbox/", "/ws/v1/inbox/"), location.href);
    url.protocol = url.protocol.replace("http", "ws");
    this.#connection = new Connection(url.href, {
      up: () => this.#up(),
      down: () => this.#lost(),
      frame: (frame) => this.#apply(frame),
    });
  }

  start() {
    this.#connection.start();
  }

  /** @param {string | null} name */
  show(name) {
    this.view = VIEWS.find((view) => view === name) ?? "unassigned";
    this.#load();
    this.#listener.changed();
  }

  /** @param {string | null} id */
  open(id) {
    if (this.current?.id === id) return;
    this.current?.close();
    this.alarm = "";
    this.asked = null;
    this.current = id ? this.#transcript(id) : null;
    if (this.link === "up") this.current?.open();
    this.#listener.changed();
  }

  /** The row of the open conversation, once the server has told it. */
  get row() {
    return this.current?.isKnown || this.link !== "up" ? this.rows.get(this.current?.id ?? "") : undefined;
  }

  get isMine() {
    return this.row?.handler === "agent" && this.row.assignee?.id === this.me;
  }

  /**
   * The conversation that comes after the open one in the list, or before it.
   * @param {1 | -1} step
   */
  neighbour(step) {
    const rows = this.rows.of(this.view);
    const at = rows.findIndex(({ id }) => id === this.current?.id);
    return at < 0 ? rows.at(step > 0 ? 0 : -1)?.id : rows[at + step]?.id;
  }

  /**
   * @param {Action} action
   * @param {string} note for colleagues, when it goes back to the bot
   */
  act(action, note = "") {
    if (!this.current || this.asked) return;
    const frame = { conversation: this.current.id, ...(note ? { note } : {}) };
    const isOut = this.#connection.send({ type: `conversation.${action}`, ...frame });
    this.asked = isOut ? action : null;
    this.alarm = isOut ? "" : OFFLINE;
    this.#listener.changed();
  }

  #load() {
    this.rows.load(this.view).catch(() => this.#connection.restart());
  }

  /** @param {string} id */
  #transcript(id) {
    const known = this.#transcripts.get(id);
    if (known) return known;
    const made = new Transcript(id, { id: this.me, name: this.#name }, {
      send: (frame) => this.#connection.send(frame),
      stuck: () => this.#connection.restart(),
      changed: () => this.#changed(),
      arrived: (message) => this.#arrived(made, message),
    });
    this.#transcripts.set(id, made);
    return made;
  }

  /**
   * @param {Transcript} transcript
   * @param {Message} message
   */
  #arrived(transcript, message) {
    if (transcript === this.current) this.#listener.arrived(message);
  }

  /** The server greets first; until then it is not known whether it lets us in. */
  #up() {
    this.#listener.changed();
  }

  #lost() {
    if (this.link !== "signed out") this.link = "down";
    this.asked = null;
    for (const transcript of this.#transcripts.values()) transcript.lost();
    this.#listener.changed();
  }

  /** @param {ServerFrame} frame */
  #apply(frame) {
    if (frame.type === "presence") this.#greet(frame.agents_online);
    else if (frame.type === "conversation.changed") this.#change(frame.conversation);
    else if (frame.type === "conversation.erased") this.#forget(frame.conversation);
    else if (frame.type === "error") this.#fail(frame);
    else if (frame.type === "pong") this.#catchUp();
    else this.#transcripts.get(frame.conversation)?.apply(frame);
    this.#changed();
  }

  /** @param {number} online */
  #greet(online) {
    this.online = online;
    if (this.link === "up") return;
    this.link = "up";
    this.#read = "";
    this.#catchUp();
  }

  /** Events may be dropped on their way: with each sign of life, ask for what there is. */
  #catchUp() {
    this.#load();
    this.current?.open();
  }

  /** @param {Row} row */
  #change(row) {
    this.rows.update(row);
    if (row.id !== this.current?.id) return;
    this.asked = null;
    this.current.expect(row.last_seq);
  }

  /** Its customer had it deleted: nothing of it stays on the screen. @param {string} id */
  #forget(id) {
    this.rows.remove(id);
    this.#transcripts.delete(id);
    if (this.current?.id === id) this.#listener.erased();
  }

  /** @param {AgentError} error */
  #fail({ code, message, client_id, conversation }) {
    this.asked = null;
    const transcript = this.#transcripts.get(conversation ?? "");
    if (code === "forbidden" && !conversation) this.#leave();
    else if (client_id && code === "failed") transcript?.hold(message);
    else if (client_id) transcript?.refuse(client_id, message);
    else if (transcript === this.current) this.alarm = message;
  }

  #leave() {
    this.link = "signed out";
    this.#connection.stop();
  }

  #changed() {
    this.markRead();
    this.#listener.changed();
  }

  /** What stands on the screen of an agent who looks at it has been read. */
  markRead() {
    const { current, row } = this;
    if (!current || !row?.unread || document.hidden || current.complete < row.last_seq) return;
    const news = `${current.id} ${row.last_seq}`;
    if (news === this.#read) return;
    const frame = { type: /** @type {const} */ ("conversation.read"), conversation: current.id, last_seq: row.last_seq };
    if (this.#connection.send(frame)) this.#read = news;
  }
}
