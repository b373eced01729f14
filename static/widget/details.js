// What a workspace asks a visitor before the chat: a name, an e-mail address, or both.

/** @import {Workspace} from "./protocol.js" */

import { element } from "./dom.js";
import { words, written } from "./texts.js";

const FIELDS = {
  name: { label: () => words.details.name, type: "text", autocomplete: "name", longest: "100" },
  email: { label: () => words.yourEmail, type: "email", autocomplete: "email", longest: "254" },
};

export class Details {
  #given;
  #fields = element("div", { class: "fields" });
  #skip = element("button", { type: "button", class: "choice" });
  #start = element("button", { type: "submit", class: "choice main" });
  #title = element("h4");
  #drawn = "";
  element = element("form", { class: "card details", novalidate: "", hidden: "" });

  /** @param {(answers: {name?: string, email?: string}) => void} given without answers where none is needed */
  constructor(given) {
    this.#given = given;
    const buttons = element("p", { class: "answers" }, this.#start, this.#skip);
    this.element.append(this.#title, this.#fields, buttons);
    this.#skip.onclick = () => given({});
    this.element.onsubmit = (event) => {
      event.preventDefault();
      this.#submit();
    };
    written(() => this.#translate());
  }

  /** @param {Workspace["form"]} form */
  draw(form) {
    this.element.hidden = !form;
    if (!form || this.#drawn === JSON.stringify(form)) return;
    this.#drawn = JSON.stringify(form);
    this.#skip.hidden = form.required;
    this.#fields.replaceChildren(...form.fields.flatMap((field) => row(field, form.required)));
  }

  #translate() {
    this.element.ariaLabel = this.#title.textContent = words.details.title;
    this.#start.textContent = words.details.start;
    this.#skip.textContent = words.details.skip;
    for (const label of this.#fields.querySelectorAll("label")) name(label);
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
 * @param {"name" | "email"} field
 * @param {boolean} isRequired
 */
function row(field, isRequired) {
  const { type, autocomplete, longest } = FIELDS[field];
  const id = `details-${field}`;
  const input = element("input", { id, name: field, type, autocomplete, maxlength: longest, "aria-describedby": `${id}-error` });
  input.required = isRequired;
  const error = element("p", { class: "error", id: `${id}-error`, role: "alert" });
  const label = element("label", { for: id, "data-field": field });
  name(label);
  return [label, input, error];
}

/** @param {HTMLElement} label */
function name(label) {
  label.textContent = FIELDS[/** @type {"name" | "email"} */ (label.dataset.field)].label();
}

/** @param {HTMLInputElement} input */
function complain(input) {
  input.value = input.value.trim();
  const { valueMissing, valid } = input.validity;
  const complaint = valueMissing ? words.details.missing : valid ? "" : words.wrongEmail;
  input.setAttribute("aria-invalid", String(complaint !== ""));
  if (input.nextElementSibling) input.nextElementSibling.textContent = complaint;
}
