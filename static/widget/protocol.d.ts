// The frames of docs/protocol.md, version 1, as the customer's side of the websocket sees them.

export type Author = "customer" | "bot" | "agent" | "system";
export type Handler = "bot" | "queue" | "agent";

export interface Source {
  title: string;
  url: string;
}

export interface Translation {
  reader: "customer" | "agents";
  state: "waiting" | "late" | "done" | "failed";
  source: string;
  target: string;
  text: string;
}

export interface Attachment {
  id: string;
  name: string;
  kind: "image" | "pdf";
  /** Bytes. */
  size: number;
  width: number | null;
  height: number | null;
  state: "scanning" | "ready" | "refused" | "failed";
}

export interface Message {
  id: string | number;
  seq: number;
  author: Author;
  name: string;
  body: string;
  client_id: string | null;
  in_reply_to: number | null;
  sources: Source[];
  choices: string[];
  verdict: "asked" | "helped" | "did_not_help" | null;
  notice: string;
  translation: Translation | null;
  attachments: Attachment[];
  created_at: string;
}

export interface Workspace {
  name: string;
  greeting: string;
  colour: string;
  language: string;
  /** What a visitor is asked before the chat. */
  form: { fields: ("name" | "email")[]; required: boolean } | null;
  /** When people are there, in words. */
  hours: string;
  /** What of files one message may have. */
  files: { most: number; megabytes: number };
}

/** Up to which message a browser of the customer has it, the customer has seen it, and an agent has. */
export interface Receipts {
  received: number;
  seen: number;
  read: number;
}

export interface Rating {
  score: number | null;
  comment: string;
  open: boolean;
}

export interface State {
  type: "state";
  conversation: string | null;
  status: "open" | "pending" | "resolved";
  handler: Handler;
  agent: { name: string } | null;
  last_seq: number;
  language: string | null;
  email: string | null;
  rating: Rating | null;
  receipts: Receipts;
  signed_in?: boolean;
  workspace?: Workspace;
}

export interface Ack {
  type: "ack";
  client_id: string;
  seq: number;
  message_id: string | number;
  conversation: string;
  created_at: string;
  body?: string;
  notice?: string;
}

export interface ReplyChunk {
  type: "reply.chunk";
  reply: string;
  n: number;
  offset: number;
  text: string;
}

export interface ProtocolError {
  type: "error";
  code: string;
  message: string;
  client_id?: string;
}

export type ServerFrame =
  | State
  | Ack
  | { type: "done"; client_id: string }
  | { type: "message.posted"; message: Message }
  | { type: "reply.started"; reply: string; in_reply_to: number }
  | ReplyChunk
  | { type: "reply.failed"; reply: string; in_reply_to: number; reason: string }
  | { type: "typing"; author: Author; name: string; on: boolean }
  | { type: "receipts"; receipts: Receipts }
  | { type: "presence"; agents_online: number }
  | { type: "pong" }
  | { type: "conversation.moved"; conversation: string }
  | { type: "conversation.erased"; conversation: string }
  | ProtocolError;

export type ClientFrame =
  | { type: "resume"; workspace: string; token: string; last_seq: number; page: string; language: string; identity?: string; about: About }
  | { type: "describe"; about: About }
  | { type: "session.end" }
  | { type: "message.post"; client_id: string; body: string; attachments?: string[] }
  | { type: "agent.request"; client_id: string }
  | { type: "answer.judge"; client_id: string; seq: number; helped: boolean }
  | { type: "contact.email"; client_id: string; email: string }
  | { type: "rating.post"; client_id: string; score: number; comment: string }
  | { type: "transcript.send"; client_id: string; email: string }
  | { type: "data.erase"; client_id: string }
  | { type: "conversation.received"; last_seq: number }
  | { type: "conversation.read"; last_seq: number }
  | { type: "typing"; on: boolean }
  | { type: "ping" };

// What the loader hands to the panel, and what the panel gives back.

export interface Settings {
  locale?: string;
  colour?: string;
  position?: string;
  launcherText?: string;
  hideLauncher?: boolean;
  /** The panel in a frame of the chat's host, out of the page's reach. */
  frame?: boolean;
}

export type Attribute = string | number | boolean | Date | null;

/** A token is signed by the shop; name and e-mail address without one are only claimed. */
export interface Person {
  token?: string | (() => Promise<string> | string);
  name?: string;
  email?: string;
}

export interface Profile {
  user: Person;
  attributes: Record<string, Attribute>;
  conversation: Record<string, Attribute>;
}

export interface About {
  name: string;
  email: string;
  attributes: Record<string, Attribute>;
  conversation: Record<string, Attribute>;
}

/** A rule for what the widget says by itself. */
export interface Proactive {
  id: number;
  text: string;
  page: string;
  after: number;
  visits: number;
}

export interface Widget {
  root: ShadowRoot;
  /** What has the focus when nothing else on the page had it. */
  launcher: HTMLElement;
  origin: string;
  workspace: string;
  readonly language: string;
  /** The page's address, without its query. */
  readonly page: string;
  /** The page's own colour; empty for the workspace's. */
  readonly colour: string;
  readonly profile: Profile;
  /** What the widget has said by itself, and the customer has answered by opening the chat. */
  said: string;
  emit(event: string, detail?: unknown): void;
  paint(colour: string): void;
  speak(language: string): void;
  opened(open: boolean): void;
  unread(count: number): void;
  /** Begin anew, as for another customer, with what the page says now. */
  restart(): void;
  /** The customer has signed out, perhaps in another tab. */
  forget(): void;
}

export interface Panel {
  readonly isOpen: boolean;
  open(takeFocus: boolean): void;
  close(): void;
  /** The page says more of the customer, or names one anew. */
  introduce(isAnew?: boolean): void;
  /** The page speaks another language. */
  speak(language: string): void;
  signOut(): void;
  destroy(): void;
}
