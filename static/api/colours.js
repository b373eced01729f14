// Has Swagger UI follow the browser's choice of light and dark.

const dark = matchMedia("(prefers-color-scheme: dark)");
const adapt = () => document.documentElement.classList.toggle("dark-mode", dark.matches);

dark.addEventListener("change", adapt);
adapt();
