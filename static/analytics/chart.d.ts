/** What is used of Chart.js, which the admin's theme loads on each of its pages. */

interface Chart {
  destroy(): void;
  resize(width?: number, height?: number): void;
  setActiveElements(active: { datasetIndex: number; index: number }[]): void;
  update(mode: string): void;
  tooltip?: { setActiveElements(active: { datasetIndex: number; index: number }[], at: { x: number; y: number }): void };
}

interface Window {
  Chart?: { new (canvas: HTMLCanvasElement, config: object): Chart };
}
