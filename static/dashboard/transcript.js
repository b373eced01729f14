// One conversation as an agent sees it: applies its frames, keeps order, drops doubles, closes gaps, sends what is unsent.
// The database behind the server is the truth; this is a copy that may always be asked for again. Knows no elements.

/** @import {Item} from "./items.js" */
/** @import {Attachment, Receipts} from "../widget/protocol.js" */
/** @import {Ack, ClientFrame, Held, Message, Mode, Remark, Returned, Said, TalkFrame} from "./protocol.js" */

import { Company } from "./company.js";
import { Draft } from "./draft.js";
import { heldItem, liveItem, remarkItem, savedItem, waitingItem } from "./items.js";
import { LiveReply } from "../widget/live_reply.js";
import { Outbox } from "../widget/outbox.js";
import { Store } from "../widget/store.js";
import { Pace } from "../widget/typing.js";

/**
 * @typedef {object} Listener
 * @property {(frame: ClientFrame) => boolean} send whether the frame went out
 * @property {() => void} stuck called when an acknowledgement is overdue
 * @property {() => void} changed
 * @property {(reason: string) => void} returned called when a message was not sent, though nobody took it back
 * @property {(said: Said) => void} arrived called for each new message or note that somebody else wrote
 */

export class Transcript {
  #me;
  #listener;
  #outbox;
  /** @type {Map<string, Held["messages"][number]>} what the server will send in a moment */
  #held = new Map();
  /** The message that the agent wants back. */
  #regretted = "";
  /** @type {Map<number, Message>} by sequence number */
  #messages = new Map();
  /** @type {Map<number, Remark>} what only agents see, by number */
  #remarks = new Map();
  /** Up to here the server's last answer to `conversation.open` has everything. */
  #covered = 0;
  #coveredRemarks = 0;
  #isOpening = false;
  #isKnown = false;
  #historyEnd = -1;
  #openedAt = Date.now();
  /** @type {Attachment[]} that the server has as uploaded and not sent */
  #uploaded = [];
  /** @type {Receipts} */
  #receipts = { received: 0, seen: 0, read: 0 };
  #pace = new Pace();
  #reply = new LiveReply();

  /** @type {Mode} what the agent writes: to the customer, or to colleagues */
  mode = "reply";
  /** Up to here nothing is missing. */
  complete = 0;
  completeRemarks = 0;

  /**
   * @param {string} id
   * @param {{id: number, name: string}} me under whose id the browser keeps drafts and unsent messages
   * @param {Listener} listener
   */
  constructor(id, me, listener) {
    this.id = id;
    this.#me = me;
    this.#listener = listener;
    const key = `inbox:${me.id}:${id}`;
    this.company = new Company(listener.changed);
    this.drafts = { reply: new Draft(id, "reply", key, listener.send), note: new Draft(id, "note", key, listener.send) };
    this.#outbox = new Outbox(new Store(key), this.#sendWhenKnown, listener.stuck);
  }

  /** Ask for what was missed, and follow. */
  open() {
    const have = { last_seq: this.#settled, last_remark: this.completeRemarks };
    this.#isOpening = this.#listener.send({ type: "conversation.open", conversation: this.id, ...have });
  }

  close() {
    this.type(false);
    this.saveDrafts();
    this.#listener.send({ type: "conversation.close", conversation: this.id });
    this.lost();
  }

  /** Nothing more is heard of it until it is opened again. */
  lost() {
    this.#isOpening = this.#isKnown = false;
    this.#reply.live = null;
    this.company.lost();
    this.#outbox.lost();
  }

  get isKnown() {
    return this.#isKnown;
  }

  /** The files of the reply that is being written: what is on its way is no longer part of it. */
  get files() {
    const sent = new Set(this.#outbox.parcels.flatMap(({ attachments = [] }) => attachments.map(({ id }) => id)));
    return this.#uploaded.filter(({ id }) => !sent.has(id));
  }

  /** What is being written now. */
  get draft() {
    return this.drafts[this.mode];
  }

  saveDrafts() {
    this.drafts.reply.save();
    this.drafts.note.save();
  }

  /**
   * The draft goes first: what the server has of it is then the message, and ends with it.
   * @param {string} body
   * @param {Attachment[]} attachments that are uploaded
   */
  post(body, attachments) {
    this.drafts.reply.save();
    this.#pace.reset();
    this.#outbox.add("message.post", body, {}, attachments);
    this.drafts.reply.write("");
    this.drafts.reply.save();
    this.#listener.changed();
  }

  /**
   * Ask for a message back; for one that has not reached the server yet, as soon as it has.
   * @param {string} clientId the newest one, if none is named
   */
  undo(clientId = this.#sending.at(-1) ?? "") {
    this.drafts.reply.save();
    this.#regretted = clientId;
    this.#takeBackRegretted();
  }

  get canUndo() {
    return this.#sending.length > 0;
  }

  /**
   * Write to colleagues.
   * @param {string} body
   * @param {number[]} mentions ids of agents
   */
  note(body, mentions) {
    this.#pace.reset();
    this.#outbox.add("note.post", body, { body, mentions });
    this.drafts.note.write("");
    this.drafts.note.save();
    this.#listener.changed();
  }

  /**
   * The server has what was sent under this id.
   * @param {string} clientId
   */
  settle(clientId) {
    this.#outbox.settle(clientId);
  }

  /** @param {string} clientId */
  retry(clientId) {
    this.#outbox.retry(clientId);
    this.#listener.changed();
  }

  /**
   * Tell the customer, or of a note the colleagues, that the agent writes; at most every three seconds.
   * @param {boolean} on
   */
  type(on) {
    if (!this.#pace.isDue(on)) return;
    this.#listener.send({ type: "typing", conversation: this.id, on, note: this.mode === "note" });
  }

  /**
   * The server refuses a message; only the agent can try again.
   * @param {string} clientId
   * @param {string} reason
   */
  refuse(clientId, reason) {
    this.#outbox.fail(clientId, reason);
  }

  /**
   * The server no longer has a message's files.
   * @param {string} clientId
   * @param {string} reason
   */
  strip(clientId, reason) {
    this.#outbox.strip(clientId, reason);
  }

  /**
   * The server cannot take it now.
   * @param {string} reason
   */
  hold(reason) {
    this.#outbox.hold(reason);
  }

  /** Up to here nothing will change by itself: a translation or a check of a file may have ended unheard. */
  get #settled() {
    const isUnderWay = (/** @type {Message} */ { translation, attachments }) =>
      ["waiting", "late"].includes(translation?.state ?? "") || attachments.some(({ state }) => state === "scanning");
    const open = [...this.#messages.values()].filter(isUnderWay).map(({ seq }) => seq - 1);
    return Math.min(this.complete, ...open);
  }

  /** @param {number} seq what the server has */
  expect(seq) {
    if (this.#isKnown && seq > this.complete && seq > this.#covered && !this.#isOpening) this.open();
  }

  /** @param {number} number what the server has of what only agents see */
  expectRemark(number) {
    if (this.#isKnown && number > this.completeRemarks && number > this.#coveredRemarks && !this.#isOpening) {
      this.#coveredRemarks = number;
      this.open();
    }
  }

  /** Everything to show, in order: what is saved, what is on its way, what is being written. */
  get items() {
    const held = [...this.#held.values()].map((message) => heldItem(message, this.#me.name));
    const waiting = this.#outbox.parcels.map((parcel) => waitingItem(parcel, this.#me.name));
    return [...this.#withRemarks(this.#saved), ...held, ...waiting, ...(this.#reply.live?.text ? [liveItem(this.#reply.live)] : [])];
  }

  /** Number of the bot's last reply that can be explained, or 0. */
  get explained() {
    const replies = [...this.#messages.values()].filter(({ author, in_reply_to }) => author === "bot" && in_reply_to);
    return Math.max(0, ...replies.map(({ seq }) => seq));
  }

  /** Who is about to say something, or nobody. */
  get writer() {
    if (this.#reply.live && !this.#reply.live.text) return { author: /** @type {const} */ ("bot"), name: "" };
    return this.company.customer;
  }

  /** @param {TalkFrame} frame */
  apply(frame) {
    if (frame.type === "state" || frame.type === "receipts") this.#hear(frame.receipts);
    if (frame.type === "state") this.#applyState(frame.last_seq);
    else if (frame.type === "ack") this.#acknowledge(frame);
    else if (frame.type === "message.posted") this.#add(frame.message);
    else if (frame.type === "remark.posted") this.#addRemark(frame.remark);
    else if (frame.type === "reply.started") this.#reply.start(frame.reply, frame.in_reply_to);
    else if (frame.type === "reply.chunk") this.#reply.extend(frame) && this.open();
    else if (frame.type === "reply.failed") this.#reply.end(frame.in_reply_to);
    else if (frame.type === "typing") this.company.type(frame);
    else if (frame.type === "looking") this.company.look(frame);
    else if (frame.type === "draft") this.drafts[frame.kind].apply(frame);
    else if (frame.type === "draft.attachments") this.#uploaded = frame.attachments;
    else if (frame.type === "held") this.#hold(frame);
    else if (frame.type === "message.returned") this.#takeBack(frame);
    this.#listener.changed();
  }

  /** They only grow, whatever order frames come in. @param {Receipts} news */
  #hear({ received, seen, read }) {
    const known = this.#receipts;
    this.#receipts = {
      received: Math.max(known.received, received),
      seen: Math.max(known.seen, seen),
      read: Math.max(known.read, read),
    };
  }

  /** A second answer to one message, as a hand-off after a reply, has a line of its own. */
  get #saved() {
    const keys = new Set();
    const ordered = [...this.#messages.values()].sort((a, b) => a.seq - b.seq);
    const labels = new Map(ordered.flatMap((said) => (said.category ? [[said.in_reply_to, said]] : [])));
    return ordered.map((message) => {
      const item = savedItem(message, labels.get(message.seq) ?? message, this.#receipts);
      const key = keys.has(item.key) ? `seq:${message.seq}` : item.key;
      keys.add(key);
      return { ...item, key, seq: message.seq };
    });
  }

  /**
   * A remark stands below the message that was the last when it was made.
   * @param {(Item & {seq: number})[]} saved
   * @returns {Item[]}
   */
  #withRemarks(saved) {
    const remarks = [...this.#remarks.values()].sort((a, b) => a.number - b.number);
    const lines = [...saved.map((item) => ({ at: item.seq, item })), ...remarks.map((said) => ({ at: said.after + 0.5, item: remarkItem(said) }))];
    return lines.sort((a, b) => a.at - b.at).map(({ item }) => item);
  }

  /** @type {ConstructorParameters<typeof Outbox>[1]} */
  #sendWhenKnown = (frame) => {
    if (!this.#isKnown) return false;
    const hold = frame.type === "message.post" ? { hold: true } : {};
    return this.#listener.send(/** @type {ClientFrame} */ ({ ...frame, ...hold, conversation: this.id }));
  };

  /** @param {number} lastSeq */
  #applyState(lastSeq) {
    if (this.#historyEnd < 0) this.#historyEnd = lastSeq;
    if (this.#isOpening) [this.#isOpening, this.#covered] = [false, lastSeq];
    this.#isKnown = true;
    this.expect(lastSeq);
    this.#outbox.flush();
  }

  /**
   * The server has them now, so they are no longer ours to send.
   * @param {Held} held
   */
  #hold({ messages }) {
    this.#held = new Map(messages.map((message) => [message.client_id, message]));
    for (const { client_id } of messages) this.#outbox.settle(client_id);
    this.#takeBackRegretted();
  }

  /** Messages that can still be taken back, by their client ids. */
  get #sending() {
    const unsent = this.#outbox.parcels.filter(({ type, delivery }) => type === "message.post" && delivery !== "failed");
    return [...this.#held.keys(), ...unsent.map(({ client_id }) => client_id)];
  }

  #takeBackRegretted() {
    if (!this.#held.has(this.#regretted)) return;
    this.#listener.send({ type: "message.undo", conversation: this.id, client_id: this.#regretted });
  }

  /**
   * It is told to all windows of the agent, and once more to the one that asked.
   * @param {Returned} returned
   */
  #takeBack({ client_id, reason, body, draft }) {
    const isNews = this.#isOnItsWay(client_id);
    this.#settle(client_id);
    if (isNews) this.drafts.reply.giveBack(body, draft);
    if (isNews && reason !== "undone") this.#listener.returned(reason);
  }

  /** @param {Ack} ack */
  #acknowledge({ client_id, seq, message_id, created_at }) {
    const parcel = this.#outbox.parcels.find((unsent) => unsent.client_id === client_id);
    const unread = { category: null, confidence: null, verdict: null, notice: "", failure: "", translation: null };
    const attachments = parcel?.attachments ?? [];
    const blank = { name: this.#me.name, in_reply_to: null, sources: [], attachments, choices: [], ...unread };
    if (parcel) this.#add({ ...blank, id: message_id, seq, author: "agent", body: parcel.body, client_id, created_at });
  }

  /** @param {Message} message */
  #add(message) {
    const isOwn = this.#isOnItsWay(message.client_id ?? "");
    if (message.client_id) this.#settle(message.client_id);
    if (message.author === "bot") this.#reply.end(message.in_reply_to);
    this.company.heard(message.author);
    const before = this.#messages.get(message.seq);
    const isNew = !before;
    this.#messages.set(message.seq, message);
    while (this.#messages.has(this.complete + 1)) this.complete += 1;
    this.expect(message.seq);
    if (isNew && !isOwn && message.seq > this.#historyEnd) this.#listener.arrived({ ...message, body: readOf(message) });
    if (before && !before.translation?.text) this.#readOut(message);
  }

  /** @param {Message} message whose translation has just come */
  #readOut(message) {
    const { reader, text } = message.translation ?? {};
    if (text && reader === "agents") this.#listener.arrived({ ...message, body: text });
  }

  /** @param {Remark} remark */
  #addRemark(remark) {
    const isOwn = this.#outbox.parcels.some(({ client_id }) => client_id === remark.client_id);
    if (remark.client_id) this.#outbox.settle(remark.client_id);
    const isNew = !this.#remarks.has(remark.number);
    this.#remarks.set(remark.number, remark);
    while (this.#remarks.has(this.completeRemarks + 1)) this.completeRemarks += 1;
    const isLive = new Date(remark.created_at).getTime() > this.#openedAt;
    if (isNew && isLive && !isOwn && remark.kind === "note") this.#listener.arrived({ ...remark, author: "note" });
  }

  /** @param {string} clientId */
  #isOnItsWay(clientId) {
    return this.#held.has(clientId) || this.#outbox.parcels.some(({ client_id }) => client_id === clientId);
  }

  /** @param {string} clientId */
  #settle(clientId) {
    this.#outbox.settle(clientId);
    this.#held.delete(clientId);
  }
}

/**
 * What is read out of a message: its words, else the names of its files.
 * @param {Message} message
 */
function readOf({ body, attachments }) {
  return body || attachments.map(({ name }) => name).join(", ");
}
