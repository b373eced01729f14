// What an agent who looks elsewhere is called for: a customer's words in a conversation of theirs, one that somebody gives
// to them, one that begins to wait for people.

/** @import {Row} from "./protocol.js" */

const FRESH = 5_000; // milliseconds between what happened and the change that tells of it

/**
 * The words of the call, or nothing.
 * @param {Row | undefined} before as it was known
 * @param {Row} row
 * @param {{id: number, isAway: boolean}} me
 * @returns {{words: string, isOwn: boolean} | null}
 */
export function callOf(before, row, me) {
  const { contact, preview } = row;
  if (row.assignee?.id === me.id && row.handler === "agent") {
    if (before && before.assignee?.id !== me.id) return { words: `${contact.name} is yours now: ${preview}`, isOwn: true };
    const isNews = row.unread > (before?.unread ?? 0) && isFresh(row, row.active_at);
    return isNews ? { words: `${contact.name} wrote: ${preview}`, isOwn: true } : null;
  }
  const begins = row.handler === "queue" && row.status === "open" && row.waiting_since !== before?.waiting_since;
  if (me.isAway || !begins || !row.waiting_since || !isFresh(row, row.waiting_since)) return null;
  return { words: `${contact.name} waits for a person`, isOwn: false };
}

/**
 * By the server's clock alone.
 * @param {Row} row
 * @param {string} at
 */
function isFresh(row, at) {
  return Date.parse(row.updated_at) - Date.parse(at) < FRESH;
}
