// What the widget says, in one language at a time; the file of a language is fetched when it is first needed.
// Read `words` where a text is shown and keep none: it changes with the language of the conversation.

/** @typedef {typeof import("./texts/en.js").default} Words */

const LANGUAGES = ["en", "es", "fr", "de", "pt", "it"];
/** @type {Set<() => void>} what one panel writes */
let writers = new Set();
/** @type {Set<Set<() => void>>} */
const panels = new Set();
let wanted = "";

/** @type {Words} */
export let words;

/**
 * Speak this language from now on; one that we have no texts in changes nothing, nor does a file that cannot be had.
 * @param {string} language
 */
export async function speak(language) {
  if (language === wanted || !LANGUAGES.includes(language)) return;
  wanted = language;
  try {
    const texts = await import(`./texts/${language}.js`);
    if (language === wanted) words = texts.default;
  } catch (error) {
    wanted = words?.language ?? "";
    if (!words) throw error;
  }
  for (const write of [...panels].flatMap((own) => [...own])) write();
}

/** Another panel is made, which writes what follows; gives what to call when it goes. */
export function beginTexts() {
  const own = (writers = new Set());
  panels.add(own);
  return () => void panels.delete(own);
}

/**
 * Write texts that stand still: now, and again whenever the language changes.
 * @param {() => void} write
 */
export function written(write) {
  writers.add(write);
  write();
}

/**
 * Why the server refuses something.
 * @param {string} code of the protocol
 */
export function refusal(code) {
  return /** @type {Record<string, string>} */ (words.errors)[code] ?? words.refused;
}
