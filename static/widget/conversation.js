// One visitor's conversation: applies the server's frames, keeps order, drops doubles, closes gaps, counts the unread.
// The database behind the server is the truth; this is a copy that may always be asked for again. Knows no elements.

/** @import {Ack, Attachment, ClientFrame, Message, ProtocolError, ServerFrame, State} from "./protocol.js" */
/** @import {Store} from "./store.js" */
/** @import {Item} from "./items.js" */
/** @import {Listener} from "./introduction.js" */

import { Connection } from "./connection.js";
import { Introduction } from "./introduction.js";
import { LiveReply } from "./live_reply.js";
import { ackedMessage, liveItem, mayChange, noteItem, readText, savedItems, waitingItem } from "./items.js";
import { Outbox } from "./outbox.js";
import { refusal, words } from "./texts.js";
import { Typing } from "./typing.js";

const FINAL = ["unknown_workspace", "origin_refused", "unsupported_version", "identity_required"];
const UNMARKED = { "conversation.received": 0, "conversation.read": 0 };
const NEW_TOKEN = ["session_expired", "session_token_invalid", "session_token_required"];

export class Conversation {
  #workspace;
  #store;
  #listener;
  /** @type {Connection<ServerFrame, ClientFrame>} */
  #connection;
  #outbox;
  #introduction;
  #typing;
  /** @type {Map<number, Message>} by sequence number */
  #messages = new Map();
  /** @type {Item[]} of sessions that ended while the page was open */
  #past = [];
  /** Up to here nothing is missing. */
  #complete = 0;
  /** Up to here the server's last answer to `resume` has everything. */
  #covered = 0;
  #isResuming = false;
  /** A person was asked for, and the state does not show it yet. */
  #isGranted = false;
  #historyEnd = -1;
  /** Up to where the server knows messages to be here, and seen. */
  #marked = { ...UNMARKED };
  #reply = new LiveReply();
  /** What the server knows of the page's words about the customer. */
  #told = "";
  /** The language of which the server knows. */
  #spoken = "";
  /** @type {State | null} */
  state = null;
  /** @type {"connecting" | "up" | "down" | "refused"} */
  link = "connecting";
  refusal = "";
  /** Why the server refused an address or a rating. */
  objection = "";
  /** Why it refused to send the conversation by e-mail. */
  copyObjection = "";

  /**
   * @param {string} origin
   * @param {string} workspace
   * @param {Store} store
   * @param {Listener} listener
   */
  constructor(origin, workspace, store, listener) {
    this.#workspace = workspace;
    this.#store = store;
    this.#listener = listener;
    this.#typing = new Typing(() => listener.changed());
    this.#introduction = new Introduction(listener.profile, listener.failed);
    this.#connection = new Connection(`${origin.replace(/^http/, "ws")}/ws/v1/widget/`, {
      up: () => this.#resume(),
      down: () => this.#lost(),
      frame: (frame) => this.#apply(frame),
    });
    this.#outbox = new Outbox(store, this.#sendWhenKnown, () => this.#connection.restart());
  }

  start() {
    this.#connection.start();
  }

  stop() {
    this.#typing.clear();
    this.#outbox.lost();
    this.#connection.stop();
  }

  /** The customer has signed out. */
  end() {
    this.#connection.send({ type: "session.end" });
  }

  /**
   * The page says more of the customer.
   * @param {boolean} isAnew it has named one, perhaps another
   */
  introduce(isAnew) {
    if (isAnew) this.#introduction.renew();
    if (this.link === "refused" && isAnew) return this.#tryAgain();
    if (this.link !== "up") return;
    if (isAnew && this.#listener.profile().user.token) this.#resume();
    else this.#describe();
  }

  /** The widget speaks another language: the server is told, and answers in it. */
  speak() {
    if (this.link === "up") this.#resume();
  }

  /** Whether the page has named a customer, or another language, since `resume` was sent. */
  get #isNews() {
    return this.#introduction.isDue || this.#spoken !== words.language;
  }

  /** What the server has not heard yet. */
  #describe() {
    const about = this.#about;
    const told = JSON.stringify(about);
    if (told !== this.#told && this.#connection.send({ type: "describe", about })) this.#told = told;
  }

  /**
   * @param {string} body
   * @param {Attachment[]} attachments
   */
  post(body, attachments = []) {
    this.#outbox.add("message.post", body, {}, attachments);
    this.type(false);
    this.#listener.changed();
  }

  requestAgent() {
    if (!this.isAsking) this.#outbox.add("agent.request");
    this.#listener.changed();
  }

  /**
   * @param {number} seq
   * @param {boolean} helped
   */
  judge(seq, helped) {
    this.#ask("answer.judge", { seq, helped });
  }

  /** @param {string} email */
  leaveEmail(email) {
    this.#ask("contact.email", { email });
  }

  /**
   * @param {number} score
   * @param {string} comment
   */
  rate(score, comment) {
    this.#ask("rating.post", { score, comment });
  }

  /** @param {string} email */
  sendTranscript(email) {
    this.#ask("transcript.send", { email });
  }

  erase() {
    this.#ask("data.erase", {});
  }

  /** The assistant's answer that nobody has judged yet, if it is the last word; else 0. */
  get openAnswer() {
    return this.#lastWord?.verdict === "asked" ? this.#lastWord.seq : 0;
  }

  /** The answers that the assistant's last word offers. */
  get choices() {
    return this.#lastWord?.choices ?? [];
  }

  /** What the assistant has said, if nothing came after it and nothing is on its way. */
  get #lastWord() {
    const last = this.#messages.get(this.#complete);
    const isBots = this.state?.handler === "bot" && last?.author === "bot";
    return isBots && !this.#reply.live && !this.#outbox.parcels.length ? last : undefined;
  }

  /** Why messages wait although the connection is up, or nothing. */
  get held() {
    return this.#outbox.parcels.find(({ delivery }) => delivery === "held")?.reason ?? "";
  }

  get isAsking() {
    return this.#isGranted || this.#outbox.parcels.some(({ type }) => type === "agent.request");
  }

  /** @param {string} clientId */
  retry(clientId) {
    this.#outbox.retry(clientId);
    this.#listener.changed();
  }

  /** Tell the other side that the customer writes. @param {boolean} on */
  type(on) {
    if (this.state?.conversation && this.#typing.isDue(on)) this.#connection.send({ type: "typing", on });
  }

  get unread() {
    const { read } = this.#store.visitor;
    return [...this.#messages.values()].filter(({ seq, author }) => seq > read && author !== "customer").length;
  }

  markRead() {
    const newest = Math.max(0, ...this.#messages.keys());
    if (newest > this.#store.visitor.read) this.#store.remember({ read: newest });
    this.#mark("conversation.read", newest);
  }

  /**
   * @param {keyof typeof UNMARKED} type
   * @param {number} seq
   */
  #mark(type, seq) {
    if (seq <= this.#marked[type] || this.link !== "up" || !this.state?.conversation) return;
    if (this.#connection.send({ type, last_seq: seq })) this.#marked[type] = seq;
  }

  /** Everything to show, in order: what is saved, what is on its way, what is being written. */
  get items() {
    const waiting = this.#outbox.parcels.filter(({ type }) => type === "message.post").map(waitingItem);
    return [...this.#past, ...this.#saved, ...waiting, ...(this.#reply.live?.text ? [liveItem(this.#reply.live)] : [])];
  }

  get #saved() {
    return savedItems([...this.#messages.values()], this.state?.receipts?.read ?? 0);
  }

  /** Who is about to say something, or nobody. */
  get writer() {
    if (this.#reply.live && !this.#reply.live.text) return { author: "bot", name: "" };
    return this.#reply.live ? null : this.#typing.writer;
  }

  /**
   * Nothing but `resume` may be sent before the server has told the state.
   * @type {ConstructorParameters<typeof Outbox>[1]}
   */
  #sendWhenKnown = (frame) => this.link === "up" && this.#connection.send(frame);

  /**
   * @param {"answer.judge" | "contact.email" | "rating.post" | "transcript.send" | "data.erase"} type
   * @param {Record<string, unknown>} fields
   */
  #ask(type, fields) {
    this.objection = this.copyObjection = "";
    this.#outbox.add(type, "", fields);
    this.#listener.changed();
  }

  get #about() {
    return this.#introduction.about(this.#store.visitor);
  }

  async #resume() {
    this.#isResuming = true;
    const identity = await this.#introduction.token();
    this.#told = JSON.stringify(this.#about);
    this.#spoken = words.language;
    this.#connection.send({
      type: "resume",
      workspace: this.#workspace,
      token: this.#store.token,
      last_seq: this.#settled,
      page: this.#listener.page(),
      language: words.language,
      ...(identity ? { identity } : {}),
      about: this.#about,
    });
  }

  /** Up to here nothing will change by itself; what does may have done so unheard. */
  get #settled() {
    return Math.min(this.#complete, ...[...this.#messages.values()].filter(mayChange).map(({ seq }) => seq - 1));
  }

  #tryAgain() {
    this.link = "connecting";
    this.refusal = "";
    this.#connection.start();
    this.#listener.changed();
  }

  #lost() {
    if (this.link !== "refused") this.link = "down";
    this.#isResuming = false;
    this.#typing.clear();
    this.#outbox.lost();
    this.#listener.changed();
  }

  /** @param {ServerFrame} frame */
  #apply(frame) {
    if (frame.type === "state") this.#applyState(frame);
    else if (frame.type === "ack") this.#acknowledge(frame);
    else if (frame.type === "done") this.#settle(frame.client_id);
    else if (frame.type === "conversation.erased") this.#listener.stranger();
    else if (frame.type === "conversation.moved") this.#resume();
    else if (frame.type === "message.posted") this.#add(frame.message);
    else if (frame.type === "reply.started") this.#reply.start(frame.reply, frame.in_reply_to);
    else if (frame.type === "reply.chunk") this.#reply.extend(frame) && this.#resume();
    else if (frame.type === "reply.failed") this.#reply.end(frame.in_reply_to);
    else if (frame.type === "typing") this.#typing.hear(frame);
    else if (frame.type === "pong" && this.#settled < this.#complete && !this.#isResuming) this.#resume();
    else if (frame.type === "receipts" && this.state) this.state.receipts = frame.receipts;
    else if (frame.type === "error") this.#applyError(frame);
    this.#markReceived();
    this.#listener.changed();
  }

  /** Agents see that their words have come this far, though nobody may have read them. */
  #markReceived() {
    const arrived = [...this.#messages.values()].filter(({ author }) => author === "agent").map(({ seq }) => seq);
    this.#mark("conversation.received", Math.max(0, ...arrived));
  }

  /** @param {State} state */
  #applyState(state) {
    const before = this.state?.conversation;
    if (!state.workspace && before && before !== state.conversation) return void this.#resume();
    if (state.workspace) this.#greeted(state);
    if (this.link !== "up") this.#reply.live = null;
    this.link = "up";
    this.#isGranted = false;
    this.state = { ...state, workspace: state.workspace ?? this.state?.workspace };
    if (this.#historyEnd < 0) this.#historyEnd = state.last_seq;
    if (state.handler !== "bot") this.#outbox.settleRequest();
    if (state.workspace) [this.#isResuming, this.#covered] = [false, state.last_seq];
    if (state.last_seq > this.#complete) this.#closeGap(state.last_seq);
    if (state.workspace && this.#isNews) this.#resume();
    else if (state.workspace) this.#describe();
    this.#outbox.flush();
  }

  /**
   * The answer to `resume`. Signed in, the customer may have a conversation from elsewhere.
   * @param {State} state
   */
  #greeted({ conversation, signed_in = false }) {
    this.#introduction.done();
    if (this.#store.visitor.signedIn !== signed_in) this.#store.remember({ signedIn: signed_in });
    const before = this.state?.conversation;
    if (!before || before === conversation) return;
    this.#messages.clear();
    this.#complete = this.#covered = 0;
    this.#marked = { ...UNMARKED };
    this.#historyEnd = -1;
    this.#resume();
  }

  /** @param {string} clientId */
  #settle(clientId) {
    const isErased = this.#outbox.parcels.some(({ type, client_id }) => type === "data.erase" && client_id === clientId);
    this.#outbox.settle(clientId);
    if (isErased) this.#listener.stranger();
  }

  /** @param {Ack} ack */
  #acknowledge(ack) {
    const parcel = this.#outbox.parcels.find(({ client_id }) => client_id === ack.client_id);
    if (this.state) this.state.conversation = ack.conversation;
    if (parcel?.type === "message.post") this.#add(ackedMessage(ack, parcel.body, parcel.attachments));
    if (parcel?.type === "agent.request") this.#requestGranted(ack.seq);
    this.#outbox.settle(ack.client_id);
  }

  /**
   * The state says who comes; where this request began the conversation, it was published before we could hear it.
   * @param {number} seq
   */
  #requestGranted(seq) {
    this.#isGranted = true;
    this.#closeGap(seq);
  }

  /** @param {Message} message */
  #add(message) {
    if (message.client_id) this.#outbox.settle(message.client_id);
    if (message.author === "bot") this.#reply.end(message.in_reply_to);
    if (message.author === this.#typing.writer?.author) this.#typing.clear();
    const before = this.#messages.get(message.seq);
    const isNew = !before;
    this.#messages.set(message.seq, message);
    while (this.#messages.has(this.#complete + 1)) this.#complete += 1;
    if (message.seq > this.#complete) this.#closeGap(message.seq);
    if (isNew && message.seq > this.#historyEnd && message.author !== "customer") this.#listener.arrived(message);
    if (before && readText(before) !== readText(message)) this.#listener.translated(message);
  }

  /**
   * Events may be dropped on their way: ask for what is missing, unless the answer is already coming.
   * @param {number} seq what the server has
   */
  #closeGap(seq) {
    if (seq > this.#covered && !this.#isResuming) this.#resume();
  }

  /** @param {ProtocolError} error */
  #applyError({ code, message, client_id }) {
    this.#listener.failed(code, message);
    const why = refusal(code);
    if (FINAL.includes(code)) this.#refuse(why);
    else if (code === "session_changed") this.#resume();
    else if (code === "identity_changed") this.#listener.stranger();
    else if (code.startsWith("identity_")) this.#doubt();
    else if (NEW_TOKEN.includes(code) && this.#store.visitor.signedIn) this.#listener.stranger();
    else if (NEW_TOKEN.includes(code)) this.#beginAgain();
    else if (code === "failed" && !client_id) this.#connection.restart();
    else if (code === "too_fast" || code === "failed") this.#outbox.hold(words.held[code]);
    else if (client_id && code === "no_file") this.#outbox.strip(client_id, why);
    else if (client_id) this.#object(client_id, why);
  }

  /** The customer is not who the page says: as a visitor whom nobody knows, then. */
  #doubt() {
    this.#introduction.refused();
    if (this.#store.visitor.signedIn) this.#listener.stranger();
    else this.#resume();
  }

  /**
   * A message stays in sight with the reason; anything else is dropped and may be asked again.
   * @param {string} clientId
   * @param {string} message
   */
  #object(clientId, message) {
    const parcel = this.#outbox.parcels.find(({ client_id }) => client_id === clientId);
    if (!parcel || parcel.type === "message.post") return this.#outbox.fail(clientId, message);
    if (parcel.type === "transcript.send") this.copyObjection = message;
    else this.objection = message;
    this.#outbox.settle(clientId);
  }

  /** @param {string} message */
  #refuse(message) {
    this.link = "refused";
    this.refusal = message;
    this.#connection.stop();
  }

  /** The server knows this visitor no longer: a new token, a new conversation, what was shown stays in sight. */
  #beginAgain() {
    const shown = [...this.#saved, noteItem("ended", words.ended)];
    const session = this.#past.length;
    this.#past.push(...shown.map((item) => ({ ...item, key: `${session}:${item.key}` })));
    this.#messages.clear();
    this.#complete = 0;
    this.#marked = { ...UNMARKED };
    this.#historyEnd = -1;
    this.#reply.live = null;
    this.#store.renewToken();
    this.#connection.restart();
  }
}
