// The demo shop's own script: a basket that counts, and a button that opens the chat through its public function.

const basket = document.querySelector("[data-basket]");

/** @param {Element} button */
function add(button) {
  if (basket) basket.textContent = String(Number(basket.textContent) + 1);
  button.classList.add("added");
  setTimeout(() => button.classList.remove("added"), 1_200);
}

for (const button of document.querySelectorAll("[data-add]")) button.addEventListener("click", () => add(button));

document.querySelector("[data-chat]")?.addEventListener("click", () => Reflect.get(window, "supportbot")?.open());
