// What the customer can set and ask for beside the conversation: alerts, a copy by e-mail, the end of his data.

/** @import {Alerts} from "./alerts.js" */
/** @import {Conversation} from "./conversation.js" */

import { element } from "./dom.js";
import { words, written } from "./texts.js";

export class Options {
  #conversation;
  #alerts;
  #sound = toggle(() => words.alerts.sound);
  #notify = toggle(() => words.alerts.notify);
  #blocked = element("p", { class: "error", role: "status" });
  #field = element("input", { id: "copy-to", type: "email", autocomplete: "email", required: "", maxlength: "254" });
  #error = element("p", { class: "error", id: "copy-error", role: "alert" });
  #sent = element("p", { class: "given", role: "status" });
  #sentTo = "";
  #erase = named(element("button", { type: "button", class: "choice danger" }), () => words.data.erase);
  #sure = element("div", { class: "sure", hidden: "", role: "group" });
  #own = element("div");
  element = element("div", { class: "options" });

  /**
   * @param {Conversation} conversation
   * @param {Alerts} alerts
   */
  constructor(conversation, alerts) {
    this.#conversation = conversation;
    this.#alerts = alerts;
    this.#own.append(this.#copy(), this.#data());
    this.element.append(this.#alert(), this.#own);
    written(() => {
      this.#sure.ariaLabel = words.data.sure;
      this.#thank(this.#sentTo);
    });
  }

  /** As it stands when the page is opened. @param {string} email */
  show(email) {
    this.#sound.input.checked = this.#alerts.sounds;
    this.#notify.input.checked = this.#alerts.notifies;
    this.#own.hidden = !this.#conversation.state?.conversation;
    this.#field.value ||= email;
    this.#blocked.textContent = "";
    this.#thank("");
    this.#complain("");
    this.#ask(false);
  }

  /** Why the server refused, if it did. */
  draw() {
    const { copyObjection } = this.#conversation;
    if (!copyObjection || copyObjection === this.#error.textContent) return;
    this.#thank("");
    this.#complain(copyObjection);
  }

  #alert() {
    this.#sound.input.onchange = () => this.#alerts.setSound(this.#sound.input.checked);
    this.#notify.input.onchange = async () => {
      const isAllowed = await this.#alerts.setNotifications(this.#notify.input.checked);
      this.#blocked.textContent = isAllowed ? "" : words.alerts.blocked;
      this.#notify.input.checked &&= isAllowed;
    };
    this.#notify.label.hidden = !this.#alerts.canNotify;
    return section(() => words.alerts.title, this.#sound.label, this.#notify.label, this.#blocked);
  }

  #copy() {
    const button = named(element("button", { type: "submit", class: "choice main" }), () => words.send);
    const line = element("div", { class: "line" }, this.#field, button);
    const label = named(element("label", { for: "copy-to" }), () => words.yourEmail);
    const form = element("form", { novalidate: "" }, label, line, this.#error, this.#sent);
    this.#field.setAttribute("aria-describedby", "copy-error");
    form.onsubmit = (event) => {
      event.preventDefault();
      this.#field.value = this.#field.value.trim();
      this.#complain(this.#field.checkValidity() ? "" : words.wrongEmail);
      if (this.#field.checkValidity()) this.#send(this.#field.value);
      else this.#field.focus();
    };
    return section(() => words.copy.title, form);
  }

  /** @param {string} email */
  #send(email) {
    this.#thank(email);
    this.#conversation.sendTranscript(email);
  }

  /** @param {string} email where the conversation goes, if it does */
  #thank(email) {
    this.#sentTo = email;
    this.#sent.textContent = email && words.copy.sent(email);
  }

  /** @param {string} complaint */
  #complain(complaint) {
    this.#error.textContent = complaint;
    this.#field.setAttribute("aria-invalid", String(complaint !== ""));
  }

  #data() {
    const yes = named(element("button", { type: "button", class: "choice danger" }), () => words.data.yes);
    const no = named(element("button", { type: "button", class: "choice" }), () => words.data.no);
    this.#sure.append(named(element("p"), () => words.data.sure), element("p", { class: "answers" }, yes, no));
    this.#erase.onclick = () => {
      this.#ask(true);
      no.focus();
    };
    no.onclick = () => {
      this.#ask(false);
      this.#erase.focus();
    };
    yes.onclick = () => this.#conversation.erase();
    return section(() => words.data.title, named(element("p", { class: "given" }), () => words.data.lead), this.#erase, this.#sure);
  }

  /** @param {boolean} on */
  #ask(on) {
    this.#erase.hidden = on;
    this.#sure.hidden = !on;
  }
}

/** @param {() => string} name */
function toggle(name) {
  const input = element("input", { type: "checkbox", role: "switch" });
  return { input, label: element("label", { class: "toggle" }, named(element("span"), name), input) };
}

/**
 * @param {() => string} title
 * @param {HTMLElement[]} content
 */
function section(title, ...content) {
  return element("section", { class: "card" }, named(element("h4"), title), ...content);
}

/**
 * The part with its words, in whatever language is spoken.
 * @template {HTMLElement} Part
 * @param {Part} part
 * @param {() => string} name
 */
function named(part, name) {
  written(() => (part.textContent = name()));
  return part;
}
