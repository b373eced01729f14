/** Paper is white: a dark page is printed in light, and is dark again after. */

const html = document.documentElement;
let wasDark = false;

window.addEventListener("beforeprint", () => {
  wasDark = html.classList.contains("dark");
  html.classList.remove("dark");
});
window.addEventListener("afterprint", () => html.classList.toggle("dark", wasDark));
