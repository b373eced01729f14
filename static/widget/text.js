// Words for the eye: links inside plain text, times, days. Text stays text: nothing here builds markup from it.

import { element } from "./dom.js";

const LINK = /https?:\/\/[^\s<>"]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}/gi;
const TRAILING = /[.,;:!?'"»”’)\]}]+$/;

let locale = "";
let timeFormat = new Intl.DateTimeFormat([], { hour: "numeric", minute: "2-digit" });
let dayFormat = new Intl.DateTimeFormat([], { weekday: "long", day: "numeric", month: "long" });

/**
 * Write times and days as this language does; one that the browser does not know changes nothing.
 * @param {string} wanted
 */
export function useLocale(wanted) {
  if (wanted === locale || !isKnown(wanted)) return;
  locale = wanted;
  timeFormat = new Intl.DateTimeFormat(wanted, { hour: "numeric", minute: "2-digit" });
  dayFormat = new Intl.DateTimeFormat(wanted, { weekday: "long", day: "numeric", month: "long" });
}

/** @param {string} wanted */
function isKnown(wanted) {
  try {
    return Intl.DateTimeFormat.supportedLocalesOf(wanted).length > 0;
  } catch {
    return false;
  }
}

/**
 * The text with its web and e-mail addresses as links.
 * @param {string} text
 * @returns {(Node | string)[]}
 */
export function withLinks(text) {
  const parts = [];
  let end = 0;
  for (const match of text.matchAll(LINK)) {
    const address = trimmed(match[0]);
    parts.push(text.slice(end, match.index), linkTo(address));
    end = match.index + address.length;
  }
  return [...parts, text.slice(end)];
}

/**
 * Punctuation at the end belongs to the sentence, except a bracket that the address opened itself.
 * @param {string} address
 */
function trimmed(address) {
  const short = address.replace(TRAILING, "");
  return short.includes("(") && address[short.length] === ")" ? `${short})` : short;
}

/** @param {string} address */
function linkTo(address) {
  const isMail = !/^https?:/i.test(address);
  return outwardLink(isMail ? `mailto:${address}` : address, address);
}

/**
 * A link that leaves the chat open; anything but a web or mail address stays plain words.
 * @param {string} url
 * @param {(Node | string)[]} children
 */
export function outwardLink(url, ...children) {
  const isSafe = /^(https?|mailto):/i.test(url);
  const attributes = { href: url, target: "_blank", rel: "noopener noreferrer nofollow" };
  return isSafe ? element("a", attributes, ...children) : element("span", {}, ...children);
}

/** @param {Date} date */
export function timeOf(date) {
  return timeFormat.format(date);
}

/** @param {Date} date */
export function dayOf(date) {
  const days = Math.round((startOfDay(new Date()) - startOfDay(date)) / 86_400_000);
  if (days === 0) return "Today";
  return days === 1 ? "Yesterday" : dayFormat.format(date);
}

/** @param {Date} date */
function startOfDay(date) {
  return new Date(date).setHours(0, 0, 0, 0);
}

/** What the panel says beside the conversation itself. */
export const WORDS = {
  options: "Options",
  back: "Back to the chat",
  search: "Search help",
  searchField: "Search the help articles",
  noArticle: "No article has these words.",
  searchFailed: "The search does not answer. Please try again.",
  alerts: "New messages while the chat is closed",
  sound: "Play a sound",
  notify: "Show a notification of the browser",
  blocked: "Your browser does not allow notifications of this page.",
  transcript: "This conversation by e-mail",
  address: "Your e-mail address",
  send: "Send",
  transcriptSent: "Thank you. The conversation is on its way to",
  data: "Your data",
  eraseLead: "Deletes this conversation and all that we know of you here. It cannot be undone.",
  erase: "Delete my data",
  eraseSure: "Delete everything?",
  eraseYes: "Yes, delete",
  eraseNo: "Keep it",
  formTitle: "Before we start",
  formName: "Your name",
  formEmail: "Your e-mail address",
  formStart: "Start the chat",
  formSkip: "Skip",
  formMissing: "Please fill this in.",
  badEmail: "Please write an address such as name@example.com.",
};
