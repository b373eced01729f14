// What the customer can set and ask for beside the conversation: alerts, a copy by e-mail, the end of his data.

/** @import {Alerts} from "./alerts.js" */
/** @import {Conversation} from "./conversation.js" */

import { element } from "./dom.js";
import { WORDS } from "./text.js";

export class Options {
  #conversation;
  #alerts;
  #sound = toggle(WORDS.sound);
  #notify = toggle(WORDS.notify);
  #blocked = element("p", { class: "error", role: "status" });
  #field = element("input", { id: "copy-to", type: "email", autocomplete: "email", required: "", maxlength: "254" });
  #error = element("p", { class: "error", id: "copy-error", role: "alert" });
  #sent = element("p", { class: "given", role: "status" });
  #erase = element("button", { type: "button", class: "choice danger" }, WORDS.erase);
  #sure = element("div", { class: "sure", hidden: "", role: "group", "aria-label": WORDS.eraseSure });
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
  }

  /** As it stands when the page is opened. @param {string} email */
  show(email) {
    this.#sound.input.checked = this.#alerts.sounds;
    this.#notify.input.checked = this.#alerts.notifies;
    this.#own.hidden = !this.#conversation.state?.conversation;
    this.#field.value ||= email;
    this.#blocked.textContent = this.#sent.textContent = "";
    this.#complain("");
    this.#ask(false);
  }

  /** Why the server refused, if it did. */
  draw() {
    const { copyObjection } = this.#conversation;
    if (!copyObjection || copyObjection === this.#error.textContent) return;
    this.#sent.textContent = "";
    this.#complain(copyObjection);
  }

  #alert() {
    this.#sound.input.onchange = () => this.#alerts.setSound(this.#sound.input.checked);
    this.#notify.input.onchange = async () => {
      const isAllowed = await this.#alerts.setNotifications(this.#notify.input.checked);
      this.#blocked.textContent = isAllowed ? "" : WORDS.blocked;
      this.#notify.input.checked &&= isAllowed;
    };
    this.#notify.label.hidden = !this.#alerts.canNotify;
    return section(WORDS.alerts, this.#sound.label, this.#notify.label, this.#blocked);
  }

  #copy() {
    const button = element("button", { type: "submit", class: "choice main" }, WORDS.send);
    const line = element("div", { class: "line" }, this.#field, button);
    const label = element("label", { for: "copy-to" }, WORDS.address);
    const form = element("form", { novalidate: "" }, label, line, this.#error, this.#sent);
    this.#field.setAttribute("aria-describedby", "copy-error");
    form.onsubmit = (event) => {
      event.preventDefault();
      this.#field.value = this.#field.value.trim();
      this.#complain(this.#field.checkValidity() ? "" : WORDS.badEmail);
      if (this.#field.checkValidity()) this.#send(this.#field.value);
      else this.#field.focus();
    };
    return section(WORDS.transcript, form);
  }

  /** @param {string} email */
  #send(email) {
    this.#sent.textContent = `${WORDS.transcriptSent} ${email}.`;
    this.#conversation.sendTranscript(email);
  }

  /** @param {string} words */
  #complain(words) {
    this.#error.textContent = words;
    this.#field.setAttribute("aria-invalid", String(words !== ""));
  }

  #data() {
    const yes = element("button", { type: "button", class: "choice danger" }, WORDS.eraseYes);
    const no = element("button", { type: "button", class: "choice" }, WORDS.eraseNo);
    this.#sure.append(element("p", {}, WORDS.eraseSure), element("p", { class: "answers" }, yes, no));
    this.#erase.onclick = () => {
      this.#ask(true);
      no.focus();
    };
    no.onclick = () => {
      this.#ask(false);
      this.#erase.focus();
    };
    yes.onclick = () => this.#conversation.erase();
    return section(WORDS.data, element("p", { class: "given" }, WORDS.eraseLead), this.#erase, this.#sure);
  }

  /** @param {boolean} on */
  #ask(on) {
    this.#erase.hidden = on;
    this.#sure.hidden = !on;
  }
}

/** @param {string} words */
function toggle(words) {
  const input = element("input", { type: "checkbox", role: "switch" });
  return { input, label: element("label", { class: "toggle" }, element("span", {}, words), input) };
}

/**
 * @param {string} title
 * @param {HTMLElement[]} content
 */
function section(title, ...content) {
  return element("section", { class: "card" }, element("h4", {}, title), ...content);
}
