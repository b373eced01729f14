// The frames of docs/protocol.md, version 1, as the agent's side of the websocket sees them.

import type { Ack, Handler, Message as SaidMessage, ProtocolError, ReplyChunk, State } from "../widget/protocol.js";

export type { Ack, Author, Handler, Source } from "../widget/protocol.js";

export interface Message extends SaidMessage {
  category: string | null;
  confidence: number | null;
}

export interface Row {
  id: string;
  status: State["status"];
  handler: Handler;
  assignee: { id: number; name: string } | null;
  contact: { name: string; verified: boolean };
  preview: string;
  category: string | null;
  last_seq: number;
  unread: number;
  updated_at: string;
  waiting_since: string | null;
}

export type Chunk = ReplyChunk & { conversation: string };
export type AgentError = ProtocolError & { conversation?: string };
export type Typing = { type: "typing"; conversation: string; author: SaidMessage["author"]; name: string; on: boolean };

export type TalkFrame =
  | (State & { conversation: string })
  | Ack
  | { type: "message.posted"; conversation: string; message: Message }
  | { type: "reply.started"; conversation: string; reply: string; in_reply_to: number }
  | Chunk
  | { type: "reply.failed"; conversation: string; reply: string; in_reply_to: number; reason: string }
  | Typing;

export type ServerFrame =
  | TalkFrame
  | { type: "conversation.changed"; conversation: Row }
  | { type: "conversation.erased"; conversation: string }
  | { type: "presence"; agents_online: number }
  | { type: "pong" }
  | AgentError;

export type ClientFrame =
  | { type: "conversation.open" | "conversation.read"; conversation: string; last_seq: number }
  | { type: "conversation.close" | "conversation.take" | "conversation.release" | "conversation.resolve"; conversation: string; note?: string }
  | { type: "message.post"; conversation: string; client_id: string; body: string }
  | { type: "typing"; conversation: string; on: boolean }
  | { type: "ping" };

export type View = "unassigned" | "mine" | "all" | "resolved";
export type Counts = Record<View, number>;
