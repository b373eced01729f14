// What the panel asks below the last message: which of the offered answers, whether an answer helped, an address for
// the answer, a rating. Each card is made once and shown while it is asked, so that what is being typed survives.

/** @import {Conversation} from "./conversation.js" */
/** @import {Rating} from "./protocol.js" */

import { element } from "./dom.js";
import { words, written } from "./texts.js";

export class Cards {
  #conversation;
  #gone;
  #choices = element("div", { class: "choices", role: "group", hidden: "" });
  #question = element("div", { class: "card", role: "group", "aria-labelledby": "helped", hidden: "" });
  #email = new EmailCard((address) => this.#conversation.leaveEmail(address));
  #rating = new RatingCard((score, comment) => this.#conversation.rate(score, comment));
  #judged = 0;
  #offered = "";
  element = element("div", { class: "cards" });

  /**
   * @param {Conversation} conversation
   * @param {() => void} gone called when a button that had the focus is taken away
   */
  constructor(conversation, gone) {
    this.#conversation = conversation;
    this.#gone = gone;
    this.element.append(this.#choices, this.#question, this.#email.element, this.#rating.element);
    written(() => this.#translate());
  }

  draw() {
    const { state, openAnswer, choices, objection } = this.#conversation;
    this.#offer(choices);
    this.#question.hidden = !openAnswer || openAnswer === this.#judged;
    this.#email.draw(state?.email ?? null, objection);
    this.#rating.draw(state?.rating ?? null, objection);
  }

  #translate() {
    this.#choices.ariaLabel = words.choices;
    const answers = [this.#answer(words.yes, true), this.#answer(words.needPerson, false)];
    this.#question.replaceChildren(
      element("p", { id: "helped" }, words.helped),
      element("p", { class: "answers" }, ...answers),
    );
  }

  /** @param {string[]} choices what a click says, in the customer's words */
  #offer(choices) {
    const offered = JSON.stringify(choices);
    if (offered === this.#offered) return;
    this.#offered = offered;
    this.#choices.hidden = choices.length === 0;
    this.#choices.replaceChildren(...choices.map((said) => this.#button(said, () => this.#conversation.post(said))));
  }

  /**
   * @param {string} label
   * @param {boolean} helped
   */
  #answer(label, helped) {
    return this.#button(label, () => {
      this.#judged = this.#conversation.openAnswer;
      this.#conversation.judge(this.#judged, helped);
    });
  }

  /**
   * @param {string} label
   * @param {() => void} chosen
   */
  #button(label, chosen) {
    const button = element("button", { type: "button", class: "choice", dir: "auto" }, label);
    button.onclick = () => {
      chosen();
      this.#gone();
    };
    return button;
  }
}

class EmailCard {
  #field = element("input", { id: "email", type: "email", autocomplete: "email", required: "", maxlength: "254" });
  #label = element("label", { for: "email" });
  #send = element("button", { type: "submit", class: "choice main" });
  #error = element("p", { class: "error", id: "email-error", role: "alert" });
  #form = element("form", { novalidate: "" });
  #given = element("p", { class: "given", role: "status" });
  #isChanging = false;
  #shown = "";
  element = element("section", { class: "card", hidden: "" });

  /** @param {(address: string) => void} leave */
  constructor(leave) {
    this.#field.setAttribute("aria-describedby", "email-error");
    this.#form.append(this.#label, element("div", { class: "line" }, this.#field, this.#send), this.#error);
    this.#form.onsubmit = (event) => {
      event.preventDefault();
      this.#field.value = this.#field.value.trim();
      this.#complain(this.#field.checkValidity() ? "" : words.wrongEmail);
      if (this.#field.checkValidity()) leave(this.#field.value);
      else this.#field.focus();
    };
    this.element.append(this.#form, this.#given);
    written(() => this.#translate());
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

  #translate() {
    this.element.ariaLabel = words.byEmail;
    this.#label.textContent = words.yourEmail;
    this.#send.textContent = words.send;
    this.#thank();
  }

  /** @param {string} address */
  #show(address) {
    this.#shown = address;
    this.#isChanging = false;
    this.#complain("");
    this.#field.value ||= address;
    this.#thank();
  }

  #thank() {
    this.#given.replaceChildren(`${words.goesTo(this.#shown)} `, changeButton(() => this.#change()));
  }

  #change() {
    this.#isChanging = true;
    this.#form.hidden = false;
    this.#given.hidden = true;
    this.#field.focus();
  }

  /** @param {string} complaint */
  #complain(complaint) {
    if (this.#error.textContent !== complaint) this.#error.textContent = complaint;
    this.#field.setAttribute("aria-invalid", String(complaint !== ""));
  }
}

class RatingCard {
  #legend = element("legend");
  #scores = element("div", { class: "scores" });
  #label = element("label", { for: "comment" });
  #comment = element("textarea", { id: "comment", rows: "2", maxlength: "1000", dir: "auto" });
  #send = element("button", { type: "submit", class: "choice main" });
  #more = element("div", { class: "more", hidden: "" });
  #error = element("p", { class: "error", role: "alert" });
  #form = element("form");
  #given = element("p", { class: "given", role: "status" });
  #isChanging = false;
  /** @type {Rating | null} */
  #rating = null;
  element = element("section", { class: "card", hidden: "" });

  /** @param {(score: number, comment: string) => void} rate */
  constructor(rate) {
    this.#scores.append(...words.scores.map((_, index) => scoreButton(index + 1)));
    this.#more.append(this.#label, this.#comment, this.#send);
    this.#form.append(element("fieldset", {}, this.#legend, this.#scores), this.#more, this.#error);
    this.#form.onchange = () => this.#choose();
    this.#form.onsubmit = (event) => {
      event.preventDefault();
      if (this.#chosen) rate(this.#chosen, this.#comment.value.trim());
    };
    this.element.append(this.#form, this.#given);
    written(() => this.#translate());
  }

  /**
   * @param {Rating | null} rating
   * @param {string} objection
   */
  draw(rating, objection) {
    this.element.hidden = !rating;
    if (JSON.stringify(rating) !== JSON.stringify(this.#rating)) this.#show(rating);
    this.#form.hidden = Boolean(rating?.score) && !this.#isChanging;
    this.#given.hidden = !this.#form.hidden;
    if (this.#error.textContent !== objection) this.#error.textContent = objection;
  }

  get #chosen() {
    return Number(new FormData(this.#form).get("score"));
  }

  #translate() {
    this.element.ariaLabel = words.rating;
    this.#legend.textContent = words.howWasIt;
    this.#label.textContent = words.comment;
    this.#send.textContent = words.sendRating;
    const names = this.#scores.querySelectorAll(".name");
    names.forEach((name, index) => (name.textContent = words.scores[index]));
    this.#thank();
  }

  /** @param {Rating | null} rating */
  #show(rating) {
    this.#rating = rating;
    this.#isChanging = false;
    if (rating?.score) this.#thank();
    else this.#begin();
  }

  #thank() {
    const { score, open } = this.#rating ?? {};
    if (!score) return;
    const thanks = `${words.thanks(score, words.scores[score - 1])} `;
    this.#given.replaceChildren(thanks, ...(open ? [changeButton(() => this.#change())] : []));
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
}

/** @param {number} score */
function scoreButton(score) {
  const input = element("input", { type: "radio", name: "score", value: String(score) });
  const number = element("span", { class: "number", "aria-hidden": "true" }, String(score));
  return element("label", { class: "score" }, input, number, element("span", { class: "name" }));
}

/** @param {() => void} change */
function changeButton(change) {
  const button = element("button", { type: "button", class: "change" }, words.change);
  button.onclick = change;
  return button;
}
