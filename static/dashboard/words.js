// Words for numbers and codes: waiting times, categories, confidence, who has a conversation.

/** @import {Due, Label, Priority, Row} from "./protocol.js" */

import { element } from "../widget/dom.js";
import { dayOf, timeOf } from "../widget/text.js";
import { icon } from "./icons.js";

const LONG_WAIT = 5;
const names = new Intl.ListFormat("en");
const languageNames = new Intl.DisplayNames(["en"], { type: "language" });
const dueFormat = new Intl.DateTimeFormat([], { dateStyle: "medium", timeStyle: "short" });
const dayFormat = new Intl.DateTimeFormat([], { day: "numeric", month: "short" });

/** @param {string} code as the server writes it: lower case, underscores */
export function label(code) {
  const words = code.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** @param {number} share from 0 to 1 */
export function percent(share) {
  return `${Math.round(share * 100)} %`;
}

/** @param {string} since ISO time */
function minutesSince(since) {
  return Math.max(0, Math.floor((Date.now() - new Date(since).getTime()) / 60_000));
}

/** @param {number} minutes */
function duration(minutes) {
  if (minutes < 60) return `${Math.max(1, minutes)} min`;
  return minutes < 1_440 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 1_440)} d`;
}

/**
 * When something happened, as short as a list allows.
 * @param {string} at ISO time
 */
export function when(at) {
  const date = new Date(at);
  const day = dayOf(date);
  if (day === "Today") return timeOf(date);
  return day === "Yesterday" ? day : dayFormat.format(date);
}

/** @param {Row} row */
export function waiting(row) {
  if (!row.waiting_since) return "";
  return `Waiting ${duration(minutesSince(row.waiting_since))}`;
}

/** @param {Row} row */
export function waitsLong(row) {
  return row.waiting_since !== null && minutesSince(row.waiting_since) >= LONG_WAIT;
}

/**
 * How long there is, or how late it is, as a chip.
 * @param {Due} due
 */
export function dueChip(due) {
  const time = element("time", { datetime: due.at }, dueWords(due));
  return element("span", { class: `chip due ${due.alarm}`, title: `Due ${dueFormat.format(new Date(due.at))}` }, time);
}

/** @param {Due} due */
export function dueWords({ what, at }) {
  const minutes = Math.floor((Date.parse(at) - Date.now()) / 60_000);
  const task = what === "reply" ? "Reply" : "Resolve";
  return minutes < 0 ? `${task} ${duration(-minutes)} late` : `${task} in ${duration(minutes)}`;
}

/** @type {[Priority, string][]} */
export const PRIORITIES = [["low", "Low"], ["medium", "Medium"], ["high", "High"], ["urgent", "Urgent"]];

/** @type {[Row["channel"], string][]} */
export const CHANNELS = [
  ["widget", "Chat"], ["email", "E-mail"], ["telegram", "Telegram"], ["whatsapp", "WhatsApp"], ["slack", "Slack"], ["api", "API"],
];

/**
 * The chat goes without saying.
 * @param {Row["channel"]} channel
 */
export function channelChip(channel) {
  return channel === "widget" ? [] : [element("span", { class: "chip channel" }, icon(channel), new Map(CHANNELS).get(channel) ?? channel)];
}

/** @param {Label} label */
export function labelChip({ name, colour }) {
  return element("span", { class: `chip tag tag-${colour}`, dir: "auto" }, name);
}

/**
 * Medium goes without saying.
 * @param {Priority} priority
 */
export function priorityChip(priority) {
  return priority === "medium" ? [] : [element("span", { class: `chip priority-${priority}` }, label(priority))];
}

/** @param {string} code */
export function languageName(code) {
  return languageNames.of(code) ?? code;
}

/** @param {Row} row */
export function snoozed({ snoozed_until }) {
  if (!snoozed_until) return "";
  const at = new Date(snoozed_until);
  return `Until ${dayOf(at) === "Today" ? timeOf(at) : `${dayFormat.format(at)}, ${timeOf(at)}`}`;
}

/**
 * Who has the conversation, in a word or two.
 * @param {Row} row
 * @param {number} me
 */
export function holder(row, me) {
  if (row.spam) return "Spam";
  if (row.status === "resolved") return "Resolved";
  if (row.handler === "bot") return "Bot";
  if (row.handler === "queue") return "Queue";
  return row.assignee?.id === me ? "You" : (row.assignee?.name ?? "Agent");
}

/**
 * Who has the conversation, as a sentence.
 * @param {Row} row
 * @param {number} me
 */
export function standing(row, me) {
  if (row.spam) return "Spam: nobody answers here";
  if (row.status === "resolved") return "Resolved";
  if (row.status === "snoozed") return `Snoozed · ${snoozed(row).toLowerCase()}`;
  if (row.handler === "bot") return "The bot answers";
  if (row.handler === "queue") return ["Nobody has it yet", waiting(row).toLowerCase()].filter(Boolean).join(" · ");
  return row.assignee?.id === me ? "You have this conversation" : `${row.assignee?.name ?? "An agent"} has this conversation`;
}

/**
 * What colleagues do in the open conversation.
 * @param {{lookers: string[], colleague: string}} company
 */
export function company({ lookers, colleague }) {
  if (colleague) return `${colleague} is writing`;
  if (!lookers.length) return "";
  return `${names.format(lookers)} ${lookers.length === 1 ? "is" : "are"} looking at this`;
}
