// What an agent wants to see: a view and its filters, as the page's address says them, and whether a row belongs there.
// `supportbot/dashboard/desk.py` and `filters.py` say the same of the database.

/** @import {Row, View} from "./protocol.js" */

export const FIELDS = /** @type {const} */ ([
  "status", "assignee", "participant", "team", "label", "priority", "category", "language", "channel", "page",
  "created_from", "created_to", "active_from", "active_to", "unread", "due",
]);

/** @typedef {typeof FIELDS[number]} Field */
/** @typedef {Record<string, string>} Bounds moments that the server made of days */

/** @type {Record<View, (row: Row, me: number) => boolean>} */
const BELONGS = {
  unassigned: ({ handler, status }) => handler === "queue" && status === "open",
  mine: ({ handler, status, assignee }, me) => handler === "agent" && status === "open" && assignee?.id === me,
  all: ({ status }) => status !== "resolved",
  mentions: ({ mentions }, me) => mentions.some(({ id }) => id === me),
  pending: ({ status }) => status === "pending",
  waiting: ({ handler, status, waiting_since }) => handler === "agent" && status === "open" && !waiting_since,
  snoozed: ({ status }) => status === "snoozed",
  resolved: ({ status }) => status === "resolved",
  spam: ({ spam }) => spam,
};

/** Views in the order of who waits longest or wakes first; the others begin with the newest. */
const AGES = /** @type {Partial<Record<View, (row: Row) => string | null>>} */ ({
  unassigned: ({ waiting_since }) => waiting_since,
  snoozed: ({ snoozed_until }) => snoozed_until,
});

/** @type {Partial<Record<Field, (row: Row, values: string[]) => boolean>>} */
const CHOSEN = {
  status: ({ status }, values) => values.includes(status),
  priority: ({ priority }, values) => values.includes(priority),
  category: ({ category }, values) => values.includes(category ?? ""),
  channel: ({ channel }, values) => values.includes(channel),
  language: ({ language }, values) => values.includes(language ?? ""),
  assignee: ({ assignee }, values) => values.includes(String(assignee?.id ?? "none")),
  participant: ({ participants }, values) => participants.some(({ id }) => values.includes(String(id))),
  team: ({ team }, values) => values.includes(String(team?.id ?? "none")),
  label: ({ labels }, values) => labels.some(({ id }) => values.includes(String(id))),
  page: ({ contact }, [part]) => contact.page.toLowerCase().includes(part.toLowerCase()),
  unread: ({ unread }) => unread > 0,
  due: ({ due }, values) => due.some(({ alarm }) => values.includes(alarm)),
};

const PEOPLE = ["assignee", "participant"]; // of whom one may be `me`

export class Listing {
  /**
   * @param {View} view
   * @param {URLSearchParams} search of the page's address
   * @param {number} me
   */
  constructor(view, search, me) {
    this.view = view;
    this.me = me;
    this.search = filtersOf(search);
    /** @type {Bounds} */
    this.bounds = {};
  }

  /** The same for the same view and filters. */
  get key() {
    return `${this.view}?${this.search}`;
  }

  /** As parts of an address. */
  get query() {
    const query = new URLSearchParams(this.search);
    query.set("view", this.view);
    return query;
  }

  /** @param {Row} row */
  has(row) {
    const names = this.search.has("status") && this.view === "all" ? !row.spam : this.#isInView(row);
    return names && this.#isChosen(row) && this.#isInTime(row);
  }

  /**
   * Whether one row stands above another.
   * @param {Row} a
   * @param {Row} b
   */
  compare(a, b) {
    const age = AGES[this.view];
    if (age) return order(age(a) ?? "", age(b) ?? "") || order(a.id, b.id);
    return order(b.active_at, a.active_at) || order(b.id, a.id);
  }

  /**
   * Whether a row stands at or above the place where the next page begins.
   * @param {Row} row
   * @param {string} place
   */
  isAbove(row, place) {
    const [at, id] = place.split("~");
    const age = AGES[this.view];
    return age ? (order(age(row) ?? "", at) || order(row.id, id)) <= 0 : (order(at, row.active_at) || order(id, row.id)) <= 0;
  }

  /** @param {Row} row */
  #isInView(row) {
    return (this.view === "spam" || this.view === "mentions" || !row.spam) && BELONGS[this.view](row, this.me);
  }

  /** @param {Row} row */
  #isChosen(row) {
    return FIELDS.every((field) => {
      const values = this.search.getAll(field).map((value) => (PEOPLE.includes(field) && value === "me" ? String(this.me) : value));
      return values.length === 0 || (CHOSEN[field]?.(row, values) ?? true);
    });
  }

  /** @param {Row} row */
  #isInTime({ created_at, active_at }) {
    const { created_from = "", created_to = "~", active_from = "", active_to = "~" } = this.bounds;
    return created_at >= created_from && created_at < created_to && active_at >= active_from && active_at < active_to;
  }
}

/**
 * The filters of an address, without what else is in it.
 * @param {URLSearchParams} search
 */
export function filtersOf(search) {
  const kept = new URLSearchParams();
  for (const field of FIELDS) for (const value of search.getAll(field)) if (value) kept.append(field, value);
  return kept;
}

/**
 * Times of the server are texts whose order is that of the times.
 * @param {string} a
 * @param {string} b
 */
function order(a, b) {
  return a < b ? -1 : a > b ? 1 : 0;
}
