/**
 * Charts of the pages of figures, drawn by Chart.js, which the admin's theme brings. A chart is one tab stop: arrow keys
 * go from bar to bar, and the numbers are said in words. Also: definitions stay inside the window and Escape hides them.
 */

/** @typedef {{ key: string, name: string, values: (number | null)[] }} Series */
/** @typedef {{ labels: string[], series: Series[], stacked: boolean }} Data */

const COLOURS = { resolved_by_bot: "--bot", by_people: "--people", left: "--left", going: "--going", now: "--bot", before: "--going" };

/**
 * @param {string} name of a variable of the style sheet
 * @param {Element} within
 */
function colour(name, within) {
  return getComputedStyle(within).getPropertyValue(name).trim();
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {Data} data
 */
function draw(canvas, data) {
  const text = colour("--soft", canvas);
  const grid = colour("--edge", canvas);
  const datasets = data.series.map((series, index) => ({
    label: series.name,
    data: series.values,
    backgroundColor: colour(COLOURS[/** @type {keyof typeof COLOURS} */ (series.key)] ?? "--bot", canvas),
    borderColor: colour("--sheet", canvas),
    borderWidth: { top: index ? 1 : 0, right: 0, bottom: 0, left: 0 },
    maxBarThickness: 48,
  }));
  const isWhole = data.series.every(({ values }) => values.every((value) => Number.isInteger(value ?? 0)));
  const ticks = { color: text, maxRotation: 0, autoSkipPadding: 12 };
  if (!window.Chart) throw new Error("Chart.js is missing");
  return new window.Chart(canvas, {
    type: "bar",
    data: { labels: data.labels, datasets },
    options: {
      animation: false,
      maintainAspectRatio: false,
      interaction: { mode: "index", intersect: false },
      scales: {
        x: { stacked: data.stacked, ticks, grid: { display: false }, border: { color: grid } },
        y: { stacked: data.stacked, ticks: { ...ticks, precision: isWhole ? 0 : undefined }, grid: { color: grid }, border: { display: false }, beginAtZero: true },
      },
      plugins: { legend: { position: "bottom", labels: { color: text, boxWidth: 12, boxHeight: 12 } } },
    },
  });
}

/**
 * @param {Data} data
 * @param {number} index of a bar
 */
function words(data, index) {
  const parts = data.series.map((series) => `${series.name} ${series.values[index] ?? "–"}`);
  return `${data.labels[index]}: ${parts.join(", ")}`;
}

/** @param {HTMLCanvasElement} canvas */
function prepare(canvas) {
  const source = document.getElementById(canvas.dataset.chart ?? "");
  const spoken = document.getElementById(canvas.getAttribute("aria-describedby") ?? "");
  if (!source || !spoken || !window.Chart) return;
  /** @type {Data} */
  const data = JSON.parse(source.textContent ?? "");
  let chart = draw(canvas, data);
  let at = -1;

  /** @param {number} index */
  function show(index) {
    at = Math.max(0, Math.min(data.labels.length - 1, index));
    const active = data.series.map((_, datasetIndex) => ({ datasetIndex, index: at }));
    chart.setActiveElements(active);
    chart.tooltip?.setActiveElements(active, { x: 0, y: 0 });
    chart.update("none");
    /** @type {HTMLElement} */ (spoken).textContent = words(data, at);
  }

  canvas.addEventListener("keydown", (event) => {
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: data.labels.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    show(to);
  });
  new MutationObserver(() => {
    chart.destroy();
    chart = draw(canvas, data);
  }).observe(document.documentElement, { attributeFilter: ["class"] });
  window.addEventListener("beforeprint", () => chart.resize(680, 280));
  window.addEventListener("afterprint", () => chart.resize());
}

/**
 * Put a definition below its sign, or above where there is no room, inside the window and over whatever scrolls.
 * @param {HTMLElement} about
 */
function place(about) {
  about.classList.remove("away");
  const text = /** @type {HTMLElement | null} */ (about.querySelector(".about-text"));
  if (!text) return;
  const sign = about.getBoundingClientRect();
  const { width, height } = text.getBoundingClientRect();
  const left = Math.min(sign.left + sign.width / 2 - width / 2, window.innerWidth - width - 12);
  const below = sign.bottom + 4;
  text.style.setProperty("--x", `${Math.max(12, left)}px`);
  text.style.setProperty("--y", `${below + height > window.innerHeight ? Math.max(4, sign.top - height - 4) : below}px`);
}

for (const about of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".about"))) {
  about.addEventListener("mouseenter", () => place(about));
  about.addEventListener("focusin", () => place(about));
}
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") for (const about of document.querySelectorAll(".about")) about.classList.add("away");
});

const period = /** @type {HTMLSelectElement | null} */ (document.querySelector("[data-period]"));
const days = document.querySelector(".days");
function showDays() {
  days?.classList.toggle("hidden", period?.value !== "custom");
}
period?.addEventListener("change", showDays);
if (period) showDays();
for (const canvas of /** @type {NodeListOf<HTMLCanvasElement>} */ (document.querySelectorAll("canvas[data-chart]"))) {
  prepare(canvas);
}
