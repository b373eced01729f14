// Looks at an import's report again while it grows.
// @ts-check

const EVERY = 1000; // milliseconds
const report = document.getElementById("import-report");

/** Replace the report by the newest, and come again until the import is over. */
async function refresh() {
  if (!report?.querySelector('[data-state="running"]')) return;
  const answer = await fetch(report.dataset.address ?? "").catch(() => null);
  if (answer?.ok) report.innerHTML = await answer.text();
  setTimeout(refresh, EVERY);
}

setTimeout(refresh, EVERY);
