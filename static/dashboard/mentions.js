// Whom a note calls: of names of which one begins another the longer, and of namesakes whoever was chosen.

/** @typedef {{id: number, name: string}} Person */

/**
 * @param {string} body
 * @param {Person[]} people
 * @param {Set<number>} chosen ids of those who were chosen from the list
 * @returns {number[]} their ids
 */
export function mentioned(body, people, chosen) {
  const names = [...new Set(people.map(({ name }) => name))].sort((a, b) => b.length - a.length);
  const called = new RegExp(`(?<![\\p{L}\\p{N}_])@(${names.map(literally).join("|")})(?![\\p{L}\\p{N}_])`, "gu");
  const found = new Set(names.length ? [...body.matchAll(called)].map(([, name]) => name) : []);
  return [...found].flatMap((name) => {
    const namesakes = people.filter((person) => person.name === name).map(({ id }) => id);
    const meant = namesakes.filter((id) => chosen.has(id));
    return meant.length ? meant : namesakes;
  });
}

/** @param {string} text */
function literally(text) {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
