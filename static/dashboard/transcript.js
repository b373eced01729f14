// One conversation as an agent sees it: applies its frames, keeps order, drops doubles, closes gaps, sends what is unsent.
// The database behind the server is the truth; this is a copy that may always be asked for again. Knows no elements.

/** @import {Ack, Author, ClientFrame, Message, TalkFrame, Typing} from "./protocol.js" */

import { liveItem, savedItem, waitingItem } from "./items.js";
import { LiveReply } from "../widget/live_reply.js";
import { Outbox } from "../widget/outbox.js";
import { Store } from "../widget/store.js";

const TYPING_LASTS = 6_000;
const TYPING_EVERY = 3_000;

/**
 * @typedef {object} Listener
 * @property {(frame: ClientFrame) => boolean} send whether the frame went out
 * @property {() => void} stuck called when an acknowledgement is overdue
 * @property {() => void} changed
 * @property {(message: Message) => void} arrived called for each new message that somebody else wrote
 */

export class Transcript {
  #me;
  #listener;
  #store;
  #outbox;
  /** @type {Map<number, Message>} by sequence number */
  #messages = new Map();
  /** Up to here the server's last answer to `conversation.open` has everything. */
  #covered = 0;
  #isOpening = false;
  #isKnown = false;
  #historyEnd = -1;
  #typedAt = 0;
  #reply = new LiveReply();
  /** @type {number | undefined} */
  #typingExpiry;

  /** Up to here nothing is missing. */
  complete = 0;
  /** @type {{author: Author, name: string} | null} */
  typing = null;

  /**
   * @param {string} id
   * @param {{id: number, name: string}} me under whose id the browser keeps drafts and unsent messages
   * @param {Listener} listener
   */
  constructor(id, me, listener) {
    this.id = id;
    this.#me = me;
    this.#listener = listener;
    this.#store = new Store(`inbox:${me.id}:${id}`);
    this.#outbox = new Outbox(this.#store, this.#sendWhenKnown, listener.stuck);
  }

  /** Ask for what was missed, and follow. */
  open() {
    const frame = { type: /** @type {const} */ ("conversation.open"), conversation: this.id, last_seq: this.#settled };
    this.#isOpening = this.#listener.send(frame);
  }

  close() {
    this.type(false);
    this.#listener.send({ type: "conversation.close", conversation: this.id });
    this.lost();
  }

  /** Nothing more is heard of it until it is opened again. */
  lost() {
    this.#isOpening = this.#isKnown = false;
    this.#reply.live = this.typing = null;
    this.#outbox.lost();
  }

  get isKnown() {
    return this.#isKnown;
  }

  get draft() {
    return this.#store.visitor.draft;
  }

  set draft(draft) {
    this.#store.remember({ draft });
  }

  /** @param {string} body */
  post(body) {
    this.draft = "";
    this.#typedAt = 0;
    this.#outbox.add("message.post", body);
    this.#listener.changed();
  }

  /** @param {string} clientId */
  retry(clientId) {
    this.#outbox.retry(clientId);
    this.#listener.changed();
  }

  /**
   * Tell the customer that the agent writes; at most every three seconds.
   * @param {boolean} on
   */
  type(on) {
    const isDue = on ? Date.now() - this.#typedAt > TYPING_EVERY : this.#typedAt > 0;
    if (!isDue) return;
    this.#typedAt = on ? Date.now() : 0;
    this.#listener.send({ type: "typing", conversation: this.id, on });
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
   * The server cannot take it now.
   * @param {string} reason
   */
  hold(reason) {
    this.#outbox.hold(reason);
  }

  /** Up to here nothing will change by itself: a translation that is under way may have come unheard. */
  get #settled() {
    const isUnderWay = (/** @type {Message} */ { translation }) => ["waiting", "late"].includes(translation?.state ?? "");
    const open = [...this.#messages.values()].filter(isUnderWay).map(({ seq }) => seq - 1);
    return Math.min(this.complete, ...open);
  }

  /** @param {number} seq what the server has */
  expect(seq) {
    if (this.#isKnown && seq > this.complete && seq > this.#covered && !this.#isOpening) this.open();
  }

  /** Everything to show, in order: what is saved, what is on its way, what is being written. */
  get items() {
    const waiting = this.#outbox.parcels.map((parcel) => waitingItem(parcel, this.#me.name));
    return [...this.#saved, ...waiting, ...(this.#reply.live?.text ? [liveItem(this.#reply.live)] : [])];
  }

  /** Who is about to say something, or nobody. */
  get writer() {
    if (this.#reply.live && !this.#reply.live.text) return { author: /** @type {const} */ ("bot"), name: "" };
    return this.typing;
  }

  /** @param {TalkFrame} frame */
  apply(frame) {
    if (frame.type === "state") this.#applyState(frame.last_seq);
    else if (frame.type === "ack") this.#acknowledge(frame);
    else if (frame.type === "message.posted") this.#add(frame.message);
    else if (frame.type === "reply.started") this.#reply.start(frame.reply, frame.in_reply_to);
    else if (frame.type === "reply.chunk") this.#reply.extend(frame) && this.open();
    else if (frame.type === "reply.failed") this.#reply.end(frame.in_reply_to);
    else if (frame.type === "typing") this.#showTyping(frame);
    this.#listener.changed();
  }

  /** A second answer to one message, as a hand-off after a reply, has a line of its own. */
  get #saved() {
    const keys = new Set();
    const ordered = [...this.#messages.values()].sort((a, b) => a.seq - b.seq);
    const labels = new Map(ordered.flatMap((said) => (said.category ? [[said.in_reply_to, said]] : [])));
    return ordered.map((message) => {
      const item = savedItem(message, labels.get(message.seq) ?? message);
      const key = keys.has(item.key) ? `seq:${message.seq}` : item.key;
      keys.add(key);
      return { ...item, key };
    });
  }

  /** @type {ConstructorParameters<typeof Outbox>[1]} */
  #sendWhenKnown = (frame) => {
    if (!this.#isKnown || frame.type !== "message.post") return false;
    return this.#listener.send({ ...frame, conversation: this.id });
  };

  /** @param {number} lastSeq */
  #applyState(lastSeq) {
    if (this.#historyEnd < 0) this.#historyEnd = lastSeq;
    if (this.#isOpening) [this.#isOpening, this.#covered] = [false, lastSeq];
    this.#isKnown = true;
    this.expect(lastSeq);
    this.#outbox.flush();
  }

  /** @param {Ack} ack */
  #acknowledge({ client_id, seq, message_id, created_at }) {
    const parcel = this.#outbox.parcels.find((unsent) => unsent.client_id === client_id);
    const unread = { category: null, confidence: null, verdict: null, notice: "", translation: null };
    const blank = { name: this.#me.name, in_reply_to: null, sources: [], choices: [], ...unread };
    if (parcel) this.#add({ ...blank, id: message_id, seq, author: "agent", body: parcel.body, client_id, created_at });
  }

  /** @param {Message} message */
  #add(message) {
    const isOwn = this.#outbox.parcels.some(({ client_id }) => client_id === message.client_id);
    if (message.client_id) this.#outbox.settle(message.client_id);
    if (message.author === "bot") this.#reply.end(message.in_reply_to);
    if (message.author === this.typing?.author) this.typing = null;
    const before = this.#messages.get(message.seq);
    const isNew = !before;
    this.#messages.set(message.seq, message);
    while (this.#messages.has(this.complete + 1)) this.complete += 1;
    this.expect(message.seq);
    if (isNew && !isOwn && message.seq > this.#historyEnd) this.#listener.arrived(message);
    if (before && !before.translation?.text) this.#readOut(message);
  }

  /** @param {Message} message whose translation has just come */
  #readOut(message) {
    const { reader, text } = message.translation ?? {};
    if (text && reader === "agents") this.#listener.arrived({ ...message, body: text });
  }

  /** @param {Pick<Typing, "author" | "name" | "on">} typing */
  #showTyping({ author, name, on }) {
    clearTimeout(this.#typingExpiry);
    this.typing = on ? { author, name } : null;
    if (on) this.#typingExpiry = setTimeout(() => this.#expireTyping(), TYPING_LASTS);
  }

  #expireTyping() {
    this.typing = null;
    this.#listener.changed();
  }
}
