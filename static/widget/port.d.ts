// What a page and the panel in its frame say to each other, through a port.

import type { Profile } from "./protocol.js";

/** What the page has said up to now. */
export interface Page {
  /** Without the token. */
  profile: Profile;
  /** Whether it has a token, which is asked for when it is needed. */
  signs: boolean;
  language: string;
  /** Of the page's own; empty for the workspace's. */
  colour: string;
  said: string;
  address: string;
  /** The language that the page itself is in, as de-AT. */
  lang: string;
}

export type ToFrame = { page: Page } & (
  | { name: "open"; value: boolean }
  | { name: "introduce"; value: boolean }
  | { name: "speak"; value: string }
  | { name: "close" | "signOut" | "destroy"; value?: undefined }
);

export type FromFrame =
  | { name: "there" | "failed" | "paint"; value: string }
  | { name: "speak"; value: { language: string; title: string } }
  | { name: "unread"; value: number }
  | { name: "emit"; value: { event: string; detail?: unknown } }
  | { name: "closed" | "gone" | "token" | "restart" | "forget"; value?: undefined };
