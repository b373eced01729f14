// Words for the eye: links inside plain text, times, days. Text stays text: nothing here builds markup from it.

import { element } from "./dom.js";

const LINK = /https?:\/\/[^\s<>"]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}/gi;
const TRAILING = /[.,;:!?'"»”’)\]}]+$/;

/** @typedef {{time: Intl.DateTimeFormat, day: Intl.DateTimeFormat, near: Intl.RelativeTimeFormat}} Formats */

/** @type {Map<string, Formats>} */
const made = new Map();

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

/**
 * @param {string} code ISO 639-1
 * @param {string} language that it is named in
 */
export function languageName(code, language) {
  return new Intl.DisplayNames([language || "en"], { type: "language" }).of(code) ?? code;
}

/**
 * @param {Date} date
 * @param {string} language none for the browser's
 */
export function timeOf(date, language = "") {
  return formats(language).time.format(date);
}

/**
 * @param {Date} date
 * @param {string} language none for the browser's, with "Today" and "Yesterday" in English
 */
export function dayOf(date, language = "") {
  const { day, near } = formats(language);
  const days = Math.round((startOfDay(date) - startOfDay(new Date())) / 86_400_000);
  const words = days === 0 || days === -1 ? near.format(days, "day") : day.format(date);
  return words[0].toUpperCase() + words.slice(1);
}

/** @param {string} language */
function formats(language) {
  const known = made.get(language);
  if (known) return known;
  const locale = language ? localeOf(language) : [];
  const time = new Intl.DateTimeFormat(locale, { hour: "numeric", minute: "2-digit" });
  const day = new Intl.DateTimeFormat(locale, { weekday: "long", day: "numeric", month: "long" });
  const fresh = { time, day, near: new Intl.RelativeTimeFormat(language || "en", { numeric: "auto" }) };
  made.set(language, fresh);
  return fresh;
}

/**
 * The language as the page or the visitor writes it, such as en-GB.
 * @param {string} language
 */
function localeOf(language) {
  const tags = [document.documentElement.lang, ...navigator.languages];
  return tags.find((tag) => tag.toLowerCase().split("-")[0] === language) ?? language;
}

/** @param {Date} date */
function startOfDay(date) {
  return new Date(date).setHours(0, 0, 0, 0);
}

/** Whether these are up to three emoji and nothing else, which stand larger and on no ground. @param {string} body */
export function isEmoji(body) {
  return /^(?:\p{Extended_Pictographic}[\p{Emoji_Modifier}\u{fe0f}]?(?:\u{200d}\p{Extended_Pictographic}[\p{Emoji_Modifier}\u{fe0f}]?)*\s*){1,3}$/u.test(body);
}
