/** Small drawings for buttons and modalities. */
import { html } from "./html.js";

const PATHS = {
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM21 21l-5-5",
  text: "M5 6h14M5 11h14M5 16h9",
  image: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15 9h.01",
  audio: "M3 12h2l2-5 3 10 3-13 3 12 2-4h3",
  video: "M3 6h12v12H3zM15 10l6-3v10l-6-3",
  depth: "M12 3l9 5-9 5-9-5zM3 12l9 5 9-5M3 16l9 5 9-5",
  thermal: "M10 14V5a2 2 0 1 1 4 0v9a4 4 0 1 1-4 0zM12 9v8",
  imu: "M12 3v18M3 12h18M12 3l-2 2M12 3l2 2M21 12l-2-2M21 12l-2 2M5 19l14-14",
  keywords: "M4 7V5h16v2M12 5v14M9 19h6",
  time: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7v5l3 2",
  map: "M6 7h.01M17 5h.01M9 17h.01M18 15h.01M12 11h.01M5 13h.01M14 19h.01",
  place: "M12 21s7-6.5 7-11.5A7 7 0 0 0 5 9.500C5 14.500 12 21 12 21zM12 7a2.500 2.500 0 1 0 0 5 2.500 2.500 0 0 0 0-5z",
  sort: "M4 6h16M4 12h10M4 18h5",
  add: "M12 5v14M5 12h14",
  close: "M6 6l12 12M18 6L6 18",
  play: "M7 5l12 7-12 7z",
  pause: "M8 5v14M16 5v14",
  mic: "M12 3a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0V6a3 3 0 0 1 3-3zM5 11a7 7 0 0 0 14 0M12 18v3",
  camera: "M4 7h4l2-3h4l2 3h4v12H4zM12 9a4 4 0 1 0 0 8 4 4 0 0 0 0-8z",
  file: "M6 3h8l4 4v14H6zM14 3v4h4",
  folder: "M3 6h6l2 2h10v11H3z",
  filter: "M3 5h18l-7 8v6l-4 2v-8z",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.500 1.500M17.500 17.500L19 19M5 19l1.500-1.500M17.500 6.500L19 5",
  moon: "M20 14A8 8 0 1 1 10 4a7 7 0 0 0 10 10z",
  half: "M12 3a9 9 0 1 0 0 18zM12 3a9 9 0 0 1 0 18",
  edit: "M4 20l1-5L16 4l4 4L9 19z",
  forget: "M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v5M14 11v5",
  undo: "M9 7L4 12l5 5M4 12h10a6 6 0 0 1 6 6",
  like: "M8 12a4 4 0 1 0 0-.01M16 12a4 4 0 1 1 0-.01",
  leave: "M14 4H5v16h9M10 12h11M18 9l3 3-3 3",
  back: "M15 5l-7 7 7 7",
};

/** @param {{name: string}} props */
export function Icon({ name }) {
  return html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d=${PATHS[name] ?? PATHS.file} /></svg>`;
}
