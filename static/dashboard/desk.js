// The agent's desk: one connection, the rows of the inbox, the conversation that is open, and what the agent does.
// Knows no elements.

/** @import {AgentError, Breach, Change, ClientFrame, Followed, MentionPosted, OwnPresence, Row, Said, ServerFrame, TalkFrame} from "./protocol.js" */

import { Connection } from "../widget/connection.js";
import { Bulk } from "./bulk.js";
import { callOf } from "./calls.js";
import { Choices } from "./choices.js";
import { Listing } from "./filters.js";
import { Macros } from "./macros.js";
import { address } from "./page.js";
import { Rows } from "./rows.js";
import { Transcript } from "./transcript.js";

const VIEWS = /** @type {const} */ ([
  "unassigned", "mine", "all", "mentions", "pending", "waiting", "snoozed", "resolved", "spam",
]);
const NOT_SENT = "Your last message was not sent. It is your draft again.";
const LOST_TURN = "Your last message was not sent, because you no longer have this conversation. It is your draft again.";
const OFFLINE = "There is no connection now. Please try again in a moment.";

/** @typedef {"take" | "release" | "resolve"} Action */
/** @typedef {{words: string, conversation: string}} Notice what the agent is told, and where it leads */

export class Desk {
  #listener;
  #name;
  /** @type {Connection<ServerFrame, ClientFrame>} */
  #connection;
  /** @type {Map<string, Transcript>} */
  #transcripts = new Map();
  #read = "";
  #seen = "";

  /** @type {Listing} what the list shows */
  listing;
  /** @type {Notice | null} */
  notice = null;
  /** @type {Transcript | null} */
  current = null;
  /** @type {"connecting" | "up" | "down" | "signed out"} */
  link = "connecting";
  /** @type {Action | null} what was asked for and is not yet done */
  asked = null;
  /** What the agent has to be told about the open conversation. */
  alarm = "";
  online = 0;
  /** How often the tasks of the open conversation have changed. */
  taskNews = 0;
  /** @type {OwnPresence | null} whether the agent is away, once the server has told it */
  own = null;

  /**
   * @param {number} me
   * @param {string} name the agent's own, as customers see it
   * @param {{changed: () => void, arrived: (said: Said) => void, erased: () => void, merged: (into: string) => void, called: (words: string, conversation: string) => void}} listener
   */
  constructor(me, name, listener) {
    this.me = me;
    this.#name = name;
    this.#listener = listener;
    this.listing = new Listing("unassigned", new URLSearchParams(), me);
    this.rows = new Rows(() => this.#changed(), (id) => this.#forget(id), (id, into) => this.#merge(id, into));
    this.choices = new Choices(() => this.#changed());
    this.macros = new Macros((frame) => this.send(frame), (words) => this.tell(words));
    this.bulk = new Bulk((frame) => this.#connection.send(frame), () => this.#listener.changed());
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

  /**
   * Show what an address asks for.
   * @param {URLSearchParams} search
   */
  show(search) {
    const view = VIEWS.find((name) => name === search.get("view")) ?? "unassigned";
    const listing = new Listing(view, search, this.me);
    if (listing.key === this.listing.key && this.rows.counts) return;
    this.listing = listing;
    this.bulk.choose(false);
    this.#load(this.rows.show(listing));
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
    const rows = this.rows.shown;
    const at = rows.findIndex(({ id }) => id === this.current?.id);
    return at < 0 ? rows.at(step > 0 ? 0 : -1)?.id : rows[at + step]?.id;
  }

  /**
   * @param {Action} action
   * @param {string} note for colleagues, when it goes back to the bot
   */
  act(action, note = "") {
    if (!this.current || this.asked) return;
    const fields = { conversation: this.current.id, ...(note ? { note } : {}) };
    const isOut = this.#connection.send(/** @type {ClientFrame} */ ({ type: `conversation.${action}`, ...fields }));
    this.asked = isOut ? action : null;
    this.alarm = isOut ? "" : OFFLINE;
    this.#listener.changed();
  }

  /**
   * Set something on the open conversation.
   * @template {Change["type"]} T
   * @param {T} type
   * @param {Omit<Extract<Change, {type: T}>, "type">} fields
   */
  change(type, fields) {
    if (!this.current) return;
    const frame = /** @type {ClientFrame} */ ({ type, conversation: this.current.id, ...fields });
    this.alarm = this.#connection.send(frame) ? "" : OFFLINE;
    this.#listener.changed();
  }

  /**
   * Send what concerns no conversation; who is offline is told so.
   * @param {ClientFrame} frame
   */
  send(frame) {
    const isOut = this.#connection.send(frame);
    if (!isOut) this.tell(OFFLINE);
    return isOut;
  }

  /**
   * Tell the agent something that belongs to no open conversation.
   * @param {string} words
   * @param {string} conversation that it leads to
   */
  tell(words, conversation = "") {
    this.notice = words ? { words, conversation } : null;
    this.#listener.changed();
  }

  /** Also the conversations that the view does not show. */
  async loadAll() {
    await this.rows.loadAll().catch(() => this.#connection.restart());
  }

  /** @param {Promise<void>} loading */
  #load(loading) {
    loading.catch(() => this.#connection.restart());
  }

  /** @param {string} id */
  #transcript(id) {
    const known = this.#transcripts.get(id);
    if (known) return known;
    /** @type {Transcript} */
    const made = new Transcript(id, { id: this.me, name: this.#name }, {
      send: (frame) => this.#connection.send(frame),
      stuck: () => this.#connection.restart(),
      changed: () => this.#changed(),
      returned: (reason) => this.#returned(made, reason),
      arrived: (said) => this.#arrived(made, said),
    });
    this.#transcripts.set(id, made);
    return made;
  }

  /**
   * @param {Transcript} transcript
   * @param {Said} said
   */
  #arrived(transcript, said) {
    if (transcript === this.current) this.#listener.arrived(said);
  }

  /**
   * @param {Transcript} transcript
   * @param {string} reason
   */
  #returned(transcript, reason) {
    const words = reason === "not_yours" ? LOST_TURN : NOT_SENT;
    if (transcript === this.current) this.alarm = words;
    else this.tell(words, transcript.id);
  }

  /** The server greets first; until then it is not known whether it lets us in. */
  #up() {
    this.#listener.changed();
  }

  #lost() {
    if (this.link !== "signed out") this.link = "down";
    this.macros.lost();
    this.asked = null;
    this.bulk.lost();
    for (const transcript of this.#transcripts.values()) transcript.lost();
    this.#listener.changed();
  }

  /** @param {ServerFrame} frame */
  #apply(frame) {
    if (frame.type === "presence") this.#greet(frame.agents_online);
    else if (frame.type === "conversation.changed") this.#change(frame.conversation);
    else if (frame.type === "choices.changed") this.choices.load();
    else if (frame.type === "mention.posted") this.#call(frame);
    else if (frame.type === "message.followed") this.#hear(frame);
    else if (frame.type === "presence.own") this.own = frame;
    else if (frame.type === "tasks.changed") this.taskNews += Number(frame.conversation === this.current?.id);
    else if (frame.type === "task.called") this.#callFor(frame.words, frame.conversation ?? "");
    else if (frame.type === "sla.breached") this.#warn(frame);
    else if (frame.type === "bulk.done") this.bulk.apply(frame);
    else if (frame.type === "done") this.#settle(frame.client_id);
    else if (frame.type === "conversation.erased") this.#forget(frame.conversation);
    else if (frame.type === "conversation.merged") this.#merge(frame.conversation, frame.into);
    else if (frame.type === "error") this.#fail(frame);
    else if (frame.type === "pong") this.#catchUp();
    else if (frame.type === "macro.done") this.macros.apply(frame);
    else this.#forward(frame);
    this.#changed();
  }

  /** @param {TalkFrame} frame */
  #forward(frame) {
    if (frame.type === "draft") this.rows.markDraft(frame.conversation, frame.kind, frame.body);
    if (frame.type === "message.returned") this.rows.markDraft(frame.conversation, "reply", frame.draft);
    this.#transcripts.get(frame.conversation)?.apply(frame);
  }

  /** @param {number} online */
  #greet(online) {
    this.online = online;
    if (this.link === "up") return;
    this.link = "up";
    this.#read = this.#seen = "";
    this.choices.load();
    this.#catchUp();
  }

  /** @param {string} clientId */
  #settle(clientId) {
    for (const transcript of this.#transcripts.values()) transcript.settle(clientId);
  }

  /** Who looks at the conversation sees the note itself. @param {MentionPosted} mention */
  #call({ conversation, by, contact, preview }) {
    if (conversation === this.current?.id && !document.hidden) return;
    this.#callFor(`${by} mentions you with ${contact}: ${preview}`, conversation);
  }

  /** Who looks at the conversation reads it there. @param {Followed} followed */
  #hear({ conversation, contact, preview }) {
    if (conversation !== this.current?.id || document.hidden) this.#callFor(`${contact} wrote: ${preview}`, conversation);
  }

  /** What a colleague has is the colleague's to answer. @param {Breach} breach */
  #warn({ conversation, what, contact, assignee }) {
    if (assignee === null || assignee === this.me) this.#callFor(`Overdue: the ${what} for ${contact}`, conversation);
  }

  /**
   * Say it on the page, by sound and by the browser.
   * @param {string} words
   * @param {string} conversation
   */
  #callFor(words, conversation) {
    this.tell(words, conversation);
    this.#listener.called(words, conversation);
  }

  /** Events may be dropped on their way: with each sign of life, ask for what there is. */
  #catchUp() {
    this.#load(this.rows.catchUp());
    this.current?.open();
  }

  /** @param {Row} row */
  #change(row) {
    const call = callOf(this.rows.get(row.id), row, { id: this.me, isAway: this.own?.away ?? false });
    this.rows.update(row);
    if (call && (row.id !== this.current?.id || document.hidden)) {
      if (call.isOwn) this.#callFor(call.words, row.id);
      else this.#listener.called(call.words, row.id);
    }
    if (row.id !== this.current?.id) return;
    this.asked = null;
    this.current.expect(row.last_seq);
    this.current.expectRemark(row.last_remark);
  }

  /** Its customer had it deleted: nothing of it stays on the screen. @param {string} id */
  #forget(id) {
    this.rows.remove(id);
    this.#transcripts.delete(id);
    if (this.current?.id === id) this.#listener.erased();
  }

  /**
   * It is a part of another conversation now. What was on its way there still arrives: the server knows its old id.
   * @param {string} id
   * @param {string} into
   */
  #merge(id, into) {
    this.rows.remove(id);
    if (this.current?.id === id) this.#listener.merged(into);
  }

  /** @param {AgentError} error */
  #fail({ code, message, client_id, conversation }) {
    this.asked = null;
    if (this.bulk.fail(client_id ?? "", message) || this.macros.fail(client_id ?? "", message)) return;
    const transcript = this.#transcripts.get(conversation ?? "");
    if (code === "forbidden" && !conversation) this.#leave();
    else if (code === "too_late") this.alarm = message;
    else if (client_id && code === "failed") transcript?.hold(message);
    else if (client_id && code === "no_file") transcript?.strip(client_id, message);
    else if (client_id) transcript?.refuse(client_id, message);
    else if (!conversation) this.tell(message);
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
    this.#markMentions();
    const { current, row } = this;
    if (!current || !row?.unread || document.hidden || current.complete < row.last_seq) return;
    const news = `${current.id} ${row.last_seq}`;
    if (news === this.#read) return;
    const frame = { type: /** @type {const} */ ("conversation.read"), conversation: current.id, last_seq: row.last_seq };
    if (this.#connection.send(frame)) this.#read = news;
  }

  #markMentions() {
    const { current, row } = this;
    const isCalled = row?.mentions.some(({ id, seen }) => id === this.me && !seen);
    if (!current || !row || !isCalled || document.hidden || current.completeRemarks < row.last_remark) return;
    const news = `${current.id} ${row.last_remark}`;
    if (news === this.#seen) return;
    if (this.#connection.send({ type: "mentions.read", conversation: current.id })) this.#seen = news;
  }
}
