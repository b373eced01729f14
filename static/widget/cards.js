// What the panel asks below the last message: whether an answer helped, an address for the answer, a rating.
// Each card is made once and shown while it is asked, so that what is being typed survives every redraw.

/** @import {Conversation} from "./conversation.js" */
/** @import {Rating} from "./protocol.js" */

import { element } from "./dom.js";

const SCORES = ["Very bad", "Bad", "Fair", "Good", "Very good"];

export class Cards {
  #conversation;
  #question = element("div", { class: "card", role: "group", "aria-labelledby": "helped", hidden: "" });
  #email = new EmailCard((address) => this.#conversation.leaveEmail(address));
  #rating = new RatingCard((score, comment) => this.#conversation.rate(score, comment));
  #judged = 0;
  element = element("div", { class: "cards" });

  /** @param {Conversation} conversation */
  constructor(conversation) {
    this.#conversation = conversation;
    const words = element("p", { id: "helped" }, "Did this answer your question?");
    const answers = element("p", { class: "answers" }, this.#answer("Yes", true), this.#answer("No, I need a person", false));
    this.#question.append(words, answers);
    this.element.append(this.#question, this.#email.element, this.#rating.element);
  }

  draw() {
    const { state, openAnswer, objection } = this.#conversation;
    this.#question.hidden = !openAnswer || openAnswer === this.#judged;
    this.#email.draw(state?.email ?? null, objection);
    this.#rating.draw(state?.rating ?? null, objection);
  }

  /**
   * @param {string} words
   * @param {boolean} helped
   */
  #answer(words, helped) {
    const button = element("button", { type: "button", class: "choice" }, words);
    button.onclick = () => {
      this.#judged = this.#conversation.openAnswer;
      this.#conversation.judge(this.#judged, helped);
    };
    return button;
  }
}

class EmailCard {
  #field = element("input", { id: "email", type: "email", autocomplete: "email", required: "", maxlength: "254" });
  #error = element("p", { class: "error", id: "email-error", role: "alert" });
  #form = element("form", { novalidate: "" });
  #given = element("p", { class: "given", role: "status" });
  #isChanging = false;
  #shown = "";
  element = element("section", { class: "card", "aria-label": "Answer by e-mail", hidden: "" });

  /** @param {(address: string) => void} leave */
  constructor(leave) {
    this.#field.setAttribute("aria-describedby", "email-error");
    const send = element("button", { type: "submit", class: "choice main" }, "Send");
    const label = element("label", { for: "email" }, "Your e-mail address");
    this.#form.append(label, element("div", { class: "line" }, this.#field, send), this.#error);
    this.#form.onsubmit = (event) => {
      event.preventDefault();
      this.#field.value = this.#field.value.trim();
      this.#complain(this.#field.checkValidity() ? "" : "Please write an address such as name@example.com.");
      if (this.#field.checkValidity()) leave(this.#field.value);
      else this.#field.focus();
    };
    this.element.append(this.#form, this.#given);
  }

  /**
   * @param {string | null} address null if none is asked for, empty if none is given
   * @param {string} objection
   */
  draw(address, objection) {
    this.element.hidden = address === null;
    if (address !== this.#shown) this.#show(address ?? "");
    this.#form.hidden = Boolean(address) && !this.#isChanging;
    this.#given.hidden = !this.#form.hidden;
    if (objection) this.#complain(objection);
  }

  /** @param {string} address */
  #show(address) {
    this.#shown = address;
    this.#isChanging = false;
    this.#complain("");
    this.#field.value ||= address;
    const change = element("button", { type: "button", class: "change" }, "Change");
    change.onclick = () => this.#change();
    this.#given.replaceChildren(`Answers also go to ${address}. `, change);
  }

  #change() {
    this.#isChanging = true;
    this.#form.hidden = false;
    this.#given.hidden = true;
    this.#field.focus();
  }

  /** @param {string} words */
  #complain(words) {
    if (this.#error.textContent !== words) this.#error.textContent = words;
    this.#field.setAttribute("aria-invalid", String(words !== ""));
  }
}

class RatingCard {
  #scores = element("div", { class: "scores" });
  #comment = element("textarea", { id: "comment", rows: "2", maxlength: "1000", dir: "auto" });
  #more = element("div", { class: "more", hidden: "" });
  #error = element("p", { class: "error", role: "alert" });
  #form = element("form");
  #given = element("p", { class: "given", role: "status" });
  #isChanging = false;
  #shown = "";
  element = element("section", { class: "card", "aria-label": "Rating", hidden: "" });

  /** @param {(score: number, comment: string) => void} rate */
  constructor(rate) {
    this.#scores.append(...SCORES.map((words, index) => this.#score(words, index + 1)));
    const label = element("label", { for: "comment" }, "Would you like to add something? (optional)");
    this.#more.append(label, this.#comment, element("button", { type: "submit", class: "choice main" }, "Send rating"));
    const legend = element("legend", {}, "How did we do?");
    this.#form.append(element("fieldset", {}, legend, this.#scores), this.#more, this.#error);
    this.#form.onchange = () => this.#choose();
    this.#form.onsubmit = (event) => {
      event.preventDefault();
      if (this.#chosen) rate(this.#chosen, this.#comment.value.trim());
    };
    this.element.append(this.#form, this.#given);
  }

  /**
   * @param {Rating | null} rating
   * @param {string} objection
   */
  draw(rating, objection) {
    this.element.hidden = !rating;
    const shown = JSON.stringify(rating);
    if (shown !== this.#shown) this.#show(rating);
    this.#shown = shown;
    this.#form.hidden = Boolean(rating?.score) && !this.#isChanging;
    this.#given.hidden = !this.#form.hidden;
    if (this.#error.textContent !== objection) this.#error.textContent = objection;
  }

  get #chosen() {
    return Number(new FormData(this.#form).get("score"));
  }

  /** @param {Rating | null} rating */
  #show(rating) {
    this.#isChanging = false;
    if (!rating?.score) return this.#begin();
    const change = element("button", { type: "button", class: "change" }, "Change");
    change.onclick = () => this.#change();
    const thanks = `Thank you. You gave ${rating.score} of 5: ${SCORES[rating.score - 1].toLowerCase()}. `;
    this.#given.replaceChildren(thanks, ...(rating.open ? [change] : []));
  }

  #choose() {
    this.#more.hidden = !this.#chosen;
    this.#more.scrollIntoView({ block: "nearest" });
  }

  #begin() {
    this.#form.reset();
    this.#more.hidden = true;
  }

  #change() {
    this.#isChanging = true;
    this.#form.hidden = false;
    this.#given.hidden = true;
    this.#form.querySelector("input")?.focus();
  }

  /**
   * @param {string} words
   * @param {number} score
   */
  #score(words, score) {
    const input = element("input", { type: "radio", name: "score", value: String(score) });
    const number = element("span", { class: "number", "aria-hidden": "true" }, String(score));
    return element("label", { class: "score" }, input, number, element("span", { class: "name" }, words));
  }
}
