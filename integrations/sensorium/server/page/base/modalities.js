/** How each modality is named to a person. */

/** @type {Record<string, {word: string, many: string}>} */
export const MODALITIES = {
  text: { word: "words", many: "words" },
  image: { word: "picture", many: "pictures" },
  audio: { word: "sound", many: "sounds" },
  video: { word: "video", many: "videos" },
  depth: { word: "depth", many: "depth maps" },
  thermal: { word: "heat", many: "heat pictures" },
  imu: { word: "motion", many: "motions" },
};

/** @param {string} modality @returns {string} */
export const wordOf = (modality) =>
  modality === "keywords" ? "the same words" : (MODALITIES[modality]?.word ?? modality);

/** @param {string} modality @returns {string} */
export const manyOf = (modality) => MODALITIES[modality]?.many ?? modality;

/** The CSS variable with a modality's colour. @param {string} modality */
export const colourOf = (modality) => (MODALITIES[modality] ? `var(--of-${modality})` : "var(--soft)");
