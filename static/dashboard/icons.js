// Icons of the sprite that the page names.

const SVG = "http://www.w3.org/2000/svg";

/** @param {"bot" | "queue" | "agent" | "check" | "checks" | "chat" | "api" | "email" | "telegram" | "whatsapp" | "slack"} name */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const use = document.createElementNS(SVG, "use");
  const sprite = document.getElementById("desk")?.dataset.icons ?? "";
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `${sprite}#${name}`);
  svg.append(use);
  return svg;
}
