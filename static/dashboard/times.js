// Times in the reader's own time zone, where the server could only write them in the workspace's.

const DAY = 86_400_000;
const format = new Intl.DateTimeFormat([], { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const hour = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit" });

/**
 * Rewrite the times of a piece, and have its fields of day and time say in which zone they are.
 * @param {ParentNode} root
 */
export function localise(root) {
  for (const time of root.querySelectorAll(/** @type {"time"} */ ("time[data-local]"))) time.textContent = words(new Date(time.dateTime));
  for (const field of root.querySelectorAll(/** @type {"input"} */ ("input[data-zoned]"))) {
    if (field.dataset.at) field.value = local(new Date(field.dataset.at));
    const zone = field.parentElement?.querySelector(/** @type {"input"} */ ("input[name=zone]"));
    if (zone) zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone;
  }
}

/**
 * As a field of day and time wants it.
 * @param {Date} at
 */
export function local(at) {
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** @param {Date} at */
function words(at) {
  const days = Math.round((midnight(at) - midnight(new Date())) / DAY);
  const named = { [-1]: "yesterday", 0: "today", 1: "tomorrow" }[days];
  return named ? `${named}, ${hour.format(at)}` : format.format(at);
}

/** @param {Date} at */
function midnight(at) {
  return new Date(at.getFullYear(), at.getMonth(), at.getDate()).getTime();
}
