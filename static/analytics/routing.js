/**
 * What the pages of the model do beyond the lens: they wait for what is being written or learnt, and remember which
 * explanations somebody has closed.
 */

const LOOK_EVERY = 700; // ms

/**
 * Look until it is there; without an answer the words stay, and a reload looks again.
 * @param {HTMLElement} waiting
 */
async function follow(waiting) {
  await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY));
  const answer = await fetch(waiting.dataset.waiting ?? "", { credentials: "same-origin" }).catch(() => null);
  if (!answer?.ok) {
    const words = waiting.querySelector("[data-words]");
    if (words) words.textContent = "The server can’t be reached. Load the page again to see it.";
    return;
  }
  const holder = document.createElement("template");
  holder.innerHTML = await answer.text();
  const fresh = holder.content.firstElementChild;
  if (!(fresh instanceof HTMLElement)) return;
  const isNews = fresh.textContent !== waiting.textContent || !fresh.dataset.waiting;
  if (isNews) waiting.replaceWith(fresh);
  if (fresh.dataset.waiting) follow(isNews ? fresh : waiting);
}

/** @param {HTMLDetailsElement} details */
function remember(details) {
  const name = details.dataset.remember ?? "";
  if (localStorage.getItem(name) === "closed") details.open = false;
  details.addEventListener("toggle", () => localStorage.setItem(name, details.open ? "open" : "closed"));
}

for (const waiting of document.querySelectorAll("[data-waiting]")) {
  if (waiting instanceof HTMLElement) follow(waiting);
}
for (const details of document.querySelectorAll("[data-remember]")) {
  if (details instanceof HTMLDetailsElement) remember(details);
}
