// The frames of docs/protocol.md, version 1, as the agent's side of the websocket sees them.

import type { Ack, Attachment, Author, Handler, Receipts, Message as SaidMessage, ProtocolError, ReplyChunk, State } from "../widget/protocol.js";

export type { Ack, Author, Handler, Source } from "../widget/protocol.js";

export interface Message extends SaidMessage {
  category: string | null;
  confidence: number | null;
  /** Why it has not reached the customer; empty: it has, as far as is known. */
  failure: string;
}

export type Named = { id: number; name: string };
export type Label = Named & { colour: string };
export type Priority = "low" | "medium" | "high" | "urgent";

export type Due = { what: "reply" | "resolution"; at: string; alarm: "" | "soon" | "breached" };

export interface Row {
  id: string;
  status: State["status"] | "snoozed";
  handler: Handler;
  assignee: Named | null;
  team: Named | null;
  channel: "widget" | "api" | "email" | "telegram" | "whatsapp" | "slack";
  priority: Priority;
  labels: Label[];
  mentions: { id: number; seen: boolean }[];
  participants: Named[];
  spam: boolean;
  contact: { name: string; page: string; verified: boolean; blocked: boolean };
  preview: string;
  category: string | null;
  language: string | null;
  last_seq: number;
  last_remark: number;
  unread: number;
  created_at: string;
  active_at: string;
  updated_at: string;
  waiting_since: string | null;
  snoozed_until: string | null;
  /** The earliest first. */
  due: Due[];
}

export interface Remark {
  number: number;
  after: number;
  kind: "note" | "activity";
  name: string;
  body: string;
  client_id: string | null;
  mentions: Named[];
  created_at: string;
}

/** What stands in a conversation as an agent sees it: also what customers never hear of. */
export type Voice = Author | Remark["kind"];
export type Said = { author: Voice; name: string; body: string };

export type SavedFilter = Named & { view: View; query: string; shared: boolean; by: string; deletable: boolean };

export interface Choices {
  agents: Named[];
  teams: Named[];
  labels: Label[];
  filters: SavedFilter[];
  categories: string[];
  languages: string[];
}

/** A text in parts, each with whether it was looked for. */
export type Pieces = [string, boolean][];

export interface Found {
  hits: { row: Row; snippet: Pieces; at: string }[];
  contacts: { name: string; snippet: Pieces; conversations: string[] }[];
  articles: { title: string; url: string; snippet: Pieces }[];
}

export type Chunk = ReplyChunk & { conversation: string };
export type AgentError = ProtocolError & { conversation?: string };
export type Typing = { type: "typing"; conversation: string; author: Author; name: string; on: boolean };
export type MentionPosted = { type: "mention.posted"; conversation: string; by: string; contact: string; preview: string };
export type Followed = { type: "message.followed"; conversation: string; contact: string; preview: string };
export type BulkDone = { type: "bulk.done"; client_id: string; done: number; refused: { conversation: string; message: string }[] };

export type Mode = "reply" | "note";
export type DraftKept = { type: "draft"; conversation: string; kind: Mode; body: string; client_id: string | null };
export type Held = {
  type: "held";
  conversation: string;
  messages: { client_id: string; body: string; attachments: Attachment[]; due_at: string }[];
};
export type Returned = {
  type: "message.returned";
  conversation: string;
  client_id: string;
  reason: string;
  body: string;
  draft: string;
};

export type Looking = { type: "looking"; conversation: string; window: string; name: string; on: boolean };

export type TalkFrame =
  | (State & { conversation: string })
  | Ack
  | { type: "message.posted"; conversation: string; message: Message }
  | { type: "remark.posted"; conversation: string; remark: Remark }
  | { type: "reply.started"; conversation: string; reply: string; in_reply_to: number }
  | Chunk
  | { type: "reply.failed"; conversation: string; reply: string; in_reply_to: number; reason: string }
  | Typing
  | Looking
  | DraftKept
  | { type: "draft.attachments"; conversation: string; attachments: Attachment[] }
  | { type: "receipts"; conversation: string; receipts: Receipts }
  | Held
  | Returned;

export type Breach = { type: "sla.breached"; conversation: string; what: string; contact: string; assignee: number | null };

export type OwnPresence = { type: "presence.own"; away: boolean; back_on: string | null; digest: string };

export type MacroDone = { type: "macro.done"; conversation: string; client_id: string; name: string; steps: string[] };

export type ServerFrame =
  | TalkFrame
  | { type: "conversation.changed"; conversation: Row }
  | { type: "choices.changed" }
  | { type: "done"; client_id: string }
  | MentionPosted
  | Followed
  | Breach
  | { type: "tasks.changed"; task: number; conversation: string | null }
  | { type: "task.called"; task: number; conversation: string | null; words: string }
  | BulkDone
  | { type: "conversation.erased"; conversation: string }
  | { type: "conversation.merged"; conversation: string; into: string }
  | { type: "presence"; agents_online: number }
  | OwnPresence
  | { type: "pong" }
  | MacroDone
  | AgentError;

/** What may be done to one conversation, and so to many. */
export type Change =
  | { type: "conversation.resolve" }
  | { type: "conversation.wake" }
  | { type: "conversation.follow"; on: boolean }
  | { type: "conversation.prioritise"; priority: string }
  | { type: "conversation.label"; label: number; on: boolean }
  | { type: "conversation.assign"; agent: number | null }
  | { type: "conversation.route"; team: number | null }
  | { type: "conversation.snooze"; until: string }
  | { type: "conversation.spam"; on: boolean }
  | { type: "contact.block"; on: boolean };

export type ClientFrame =
  | { type: "conversation.open"; conversation: string; last_seq: number; last_remark: number }
  | { type: "conversation.read"; conversation: string; last_seq: number }
  | { type: "mentions.read"; conversation: string }
  | { type: "conversation.close" | "conversation.take" | "conversation.release"; conversation: string; note?: string }
  | (Change & { conversation: string })
  | { type: "bulk"; client_id: string; conversations: string[]; change: Change }
  | { type: "label.add"; name: string; colour: string }
  | { type: "filter.save"; name: string; view: string; query: string; shared: boolean }
  | { type: "filter.delete"; filter: number }
  | { type: "message.post"; conversation: string; client_id: string; body: string; attachments?: string[]; hold: true }
  | { type: "message.undo"; conversation: string; client_id: string }
  | { type: "macro.run"; conversation: string; client_id: string; macro: number }
  | { type: "draft.save"; conversation: string; client_id: string; kind: Mode; body: string }
  | { type: "note.post"; conversation: string; client_id: string; body: string; mentions: number[] }
  | { type: "typing"; conversation: string; on: boolean; note: boolean }
  | { type: "suggestion.insert"; conversation: string }
  | { type: "suggestion.judge"; conversation: string; helpful: boolean }
  | { type: "digest.set"; digest: string }
  | { type: "presence.set"; away: boolean; back_on: string | null }
  | { type: "ping" };

export type View = "mine" | "unassigned" | "all" | "mentions" | "pending" | "waiting" | "snoozed" | "resolved" | "spam";
export type Counts = Record<View, number>;
