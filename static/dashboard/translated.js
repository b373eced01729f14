// A message's other text below it: whose language it is in, what became of it, and the text itself, cut where it is long.

/** @import {Translation} from "../widget/protocol.js" */

import { element } from "../widget/dom.js";
import { languageName, withLinks } from "../widget/text.js";

const LONG = 400; // characters from which only the first lines are shown
const WORDS = {
  agents: {
    waiting: "Translating from {source}…",
    late: "Not translated from {source} yet. It is tried again.",
    failed: "Could not be translated from {source}.",
    done: "Translated from {source}",
  },
  customer: {
    waiting: "Sent as written, translating to {target}…",
    late: "Sent as written: not translated to {target} yet. It is tried again.",
    failed: "Sent as written: it could not be translated to {target}.",
    done: "The customer reads it in {target}",
  },
};

export class Translated {
  #drawn = "";
  element = element("div", { class: "other", hidden: "" });

  /** @param {Translation | null} translation */
  draw(translation) {
    const drawn = JSON.stringify(translation);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    this.element.hidden = !translation;
    if (translation) this.element.replaceChildren(...parts(translation));
  }
}

/** @param {Translation} translation */
function parts({ reader, state, source, target, text }) {
  const words = WORDS[reader][state].replace("{source}", languageName(source, "en")).replace("{target}", languageName(target, "en"));
  const label = element("p", { class: "other-label" }, words);
  if (state !== "done") return [label];
  const body = element("div", { class: "other-text", dir: "auto", lang: target }, ...withLinks(text));
  return text.length > LONG ? [label, body, more(body)] : [label, body];
}

/** @param {HTMLElement} body */
function more(body) {
  const button = element("button", { type: "button", class: "other-more", "aria-expanded": "false" }, "Show all");
  body.classList.add("cut");
  button.onclick = () => {
    const isCut = body.classList.toggle("cut");
    button.textContent = isCut ? "Show all" : "Show less";
    button.setAttribute("aria-expanded", String(!isCut));
  };
  return button;
}
