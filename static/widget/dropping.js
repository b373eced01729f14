// Files that somebody drops on a place or pastes there.

/**
 * @param {HTMLElement} target on which they are dropped
 * @param {HTMLElement} field in which they are pasted
 * @param {{isOpen: () => boolean, mark: (on: boolean) => void, take: (files: Iterable<File>) => void}} listener
 */
export function catchFiles(target, field, { isOpen, mark, take }) {
  const holdsFiles = (/** @type {DragEvent} */ { dataTransfer }) => dataTransfer?.types.includes("Files") ?? false;
  target.addEventListener("dragover", (event) => {
    if (!holdsFiles(event) || !isOpen()) return;
    event.preventDefault();
    mark(true);
  });
  target.addEventListener("dragleave", ({ relatedTarget }) => {
    if (!(relatedTarget instanceof Node && target.contains(relatedTarget))) mark(false);
  });
  target.addEventListener("drop", (event) => {
    mark(false);
    if (!holdsFiles(event)) return;
    event.preventDefault();
    take(event.dataTransfer?.files ?? []);
  });
  field.addEventListener("paste", (event) => {
    const files = event.clipboardData?.files;
    if (!files?.length || !isOpen()) return;
    event.preventDefault();
    take(files);
  });
}
