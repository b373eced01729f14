// A small set of emoji, drawn by the reader's own system, and the panel's picker of them. The names are for a search.

import { element } from "../dom.js";

const COMMON = 48;

/** @type {[string, string][]} */
export const EMOJI = [
  ["🙂", "slightly smiling face"], ["😀", "grinning face"], ["😊", "smiling face with blush"], ["😄", "happy face laugh"],
  ["😂", "tears of joy laugh"], ["😉", "wink"], ["😍", "heart eyes love"], ["🤗", "hug"], ["🤔", "thinking"],
  ["😅", "relieved sweat"], ["😐", "neutral face"], ["🙄", "rolling eyes"], ["😕", "confused"], ["😟", "worried"],
  ["😢", "crying sad"], ["😭", "sobbing"], ["😠", "angry"], ["😱", "scream shock"], ["😴", "sleeping tired"], ["🤒", "ill sick"],
  ["👍", "thumbs up yes"], ["👎", "thumbs down no"], ["👌", "ok hand"], ["🙏", "thank you please folded hands"],
  ["👏", "clapping applause"], ["🙌", "raised hands hooray"], ["👋", "waving hello goodbye"], ["💪", "strong muscle"],
  ["🤝", "handshake deal"], ["✌️", "victory peace"], ["👀", "eyes looking"], ["🤞", "fingers crossed luck"],
  ["❤️", "red heart love"], ["💛", "yellow heart"], ["💚", "green heart"], ["💙", "blue heart"], ["💔", "broken heart"],
  ["🎉", "party popper celebrate"], ["🎁", "gift present"], ["🎂", "birthday cake"], ["⭐", "star"], ["✨", "sparkles"],
  ["🔥", "fire"], ["💯", "hundred points"], ["☀️", "sun"], ["🌧️", "rain"], ["❄️", "snow cold"], ["🌹", "rose flower"],
  ["☕", "coffee tea"], ["🍕", "pizza food"], ["🍷", "wine"], ["🍀", "four leaf clover luck"],
  ["📦", "parcel package box"], ["🚚", "delivery lorry truck"], ["✉️", "letter e-mail"], ["📞", "telephone call"],
  ["📱", "mobile phone"], ["💻", "laptop computer"], ["🖨️", "printer"], ["📷", "camera photo"], ["💳", "credit card payment"],
  ["💶", "euro money"], ["💷", "pound money"], ["🧾", "receipt invoice"], ["🏷️", "label price discount"], ["🛒", "shopping basket cart"],
  ["🏠", "house home"], ["🏬", "shop store"], ["📍", "place pin address"], ["🔑", "key"], ["🔒", "lock secure"],
  ["🔧", "spanner repair"], ["🔋", "battery"], ["💡", "idea light bulb"], ["📎", "paper clip attachment"], ["📄", "page document"],
  ["📅", "calendar date"], ["⏰", "alarm clock time"], ["⏳", "hourglass wait"], ["🔄", "again refresh exchange"],
  ["✅", "check done yes"], ["❌", "cross no wrong"], ["⚠️", "warning"], ["❓", "question"], ["❗", "exclamation important"],
  ["ℹ️", "information"], ["🚫", "forbidden stop"], ["🆕", "new"], ["➡️", "right arrow"], ["⬅️", "left arrow"],
  ["🐶", "dog"], ["🐱", "cat"], ["🌍", "world earth"], ["✈️", "plane flight travel"], ["🚲", "bicycle bike"], ["🎧", "headphones music"],
];

/**
 * A grid of the most common ones: arrows move, Enter takes one, Escape leaves. A screen reader says what each is.
 * @param {string} label
 * @param {(sign: string) => void} chosen
 * @param {() => void} left
 */
export function emojiGrid(label, chosen, left) {
  const buttons = EMOJI.slice(0, COMMON).map(([sign]) => {
    const button = element("button", { type: "button", tabindex: "-1" }, sign);
    button.onclick = () => chosen(sign);
    return button;
  });
  const grid = element("div", { class: "emoji-grid", role: "group", "aria-label": label }, ...buttons);
  let at = 0;
  const go = (/** @type {number} */ to) => {
    buttons[at].tabIndex = -1;
    at = Math.max(0, Math.min(buttons.length - 1, to));
    buttons[at].tabIndex = 0;
    buttons[at].focus();
  };
  buttons[0].tabIndex = 0;
  grid.addEventListener("keydown", (event) => {
    const wide = buttons.filter(({ offsetTop }) => offsetTop === buttons[0].offsetTop).length;
    const steps = /** @type {Record<string, number>} */ ({ ArrowRight: 1, ArrowLeft: -1, ArrowDown: wide, ArrowUp: -wide });
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      left();
    } else if (steps[event.key]) {
      event.preventDefault();
      go(at + steps[event.key]);
    } else if (event.key === "Home" || event.key === "End") {
      event.preventDefault();
      go(event.key === "Home" ? 0 : buttons.length - 1);
    }
  });
  grid.addEventListener("focusout", ({ relatedTarget }) => {
    if (!(relatedTarget instanceof Node && grid.contains(relatedTarget))) left();
  });
  return { grid, focus: () => go(0) };
}
