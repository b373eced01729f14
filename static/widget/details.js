// What a workspace asks a visitor before the chat: a name, an e-mail address, or both.

/** @import {Workspace} from "./protocol.js" */

import { element } from "./dom.js";
import { WORDS } from "./text.js";

const FIELDS = {
  name: { words: WORDS.formName, type: "text", autocomplete: "name", longest: "100" },
  email: { words: WORDS.formEmail, type: "email", autocomplete: "email", longest: "254" },
};

export class Details {
  #given;
  #fields = element("div", { class: "fields" });
  #skip = element("button", { type: "button", class: "choice" }, WORDS.formSkip);
  #drawn = "";
  element = element("form", { class: "card details", novalidate: "", "aria-label": WORDS.formTitle, hidden: "" });

  /** @param {(answers: {name?: string, email?: string}) => void} given without answers where none is needed */
  constructor(given) {
    this.#given = given;
    const start = element("button", { type: "submit", class: "choice main" }, WORDS.formStart);
    const buttons = element("p", { class: "answers" }, start, this.#skip);
    this.element.append(element("h4", {}, WORDS.formTitle), this.#fields, buttons);
    this.#skip.onclick = () => given({});
    this.element.onsubmit = (event) => {
      event.preventDefault();
      this.#submit();
    };
  }

  /** @param {Workspace["form"]} form */
  draw(form) {
    this.element.hidden = !form;
    if (!form || this.#drawn === JSON.stringify(form)) return;
    this.#drawn = JSON.stringify(form);
    this.#skip.hidden = form.required;
    this.#fields.replaceChildren(...form.fields.flatMap((name) => field(name, form.required)));
  }

  #submit() {
    const inputs = [...this.#fields.querySelectorAll("input")];
    for (const input of inputs) complain(input);
    const wrong = inputs.find((input) => !input.checkValidity());
    if (wrong) return wrong.focus();
    this.#given(Object.fromEntries(inputs.map(({ name, value }) => [name, value])));
  }
}

/**
 * @param {"name" | "email"} name
 * @param {boolean} isRequired
 */
function field(name, isRequired) {
  const { words, type, autocomplete, longest } = FIELDS[name];
  const id = `details-${name}`;
  const input = element("input", { id, name, type, autocomplete, maxlength: longest, "aria-describedby": `${id}-error` });
  input.required = isRequired;
  const error = element("p", { class: "error", id: `${id}-error`, role: "alert" });
  return [element("label", { for: id }, words), input, error];
}

/** @param {HTMLInputElement} input */
function complain(input) {
  input.value = input.value.trim();
  const words = input.validity.valueMissing ? WORDS.formMissing : input.validity.valid ? "" : WORDS.badEmail;
  input.setAttribute("aria-invalid", String(words !== ""));
  if (input.nextElementSibling) input.nextElementSibling.textContent = words;
}
