/** What a record is called, where nobody gave it a name. */
import { wordOf } from "./modalities.js";

const LONGEST = 90; // characters of a title
const FIRST_WORDS = /^(photo|image|picture|sound|audio|depth|thermal|imu|video)[ _-]+/i;

/**
 * Make "dog bark" of "sound_dog_bark.ogg"; other names stay as they are.
 * @param {string} name @returns {string}
 */
export function readable(name) {
  const file = name.split(/[\\/]/).pop() ?? name;
  const stem = file.replace(/\.[A-Za-z0-9]{1,5}$/, "");
  const words = stem.replace(FIRST_WORDS, "").replace(/_+/g, " ").trim();
  return words || file || name;
}

/** @param {string} words @param {number} [most] */
export const cut = (words, most = LONGEST) => {
  const letters = Array.from(words.slice(0, 2 * most + 2));
  return letters.length > most ? letters.slice(0, most - 1).join("") + "…" : words;
};

/** @param {import("./types.js").MemoryRecord} record @returns {string} */
export function titleOf(record) {
  const line = record.text?.trim().split("\n")[0];
  if (line) return cut(line);
  const medium = record.media?.[0];
  const name = record.source ?? medium?.uri;
  if (name) return cut(readable(name));
  return record.findings?.[0]?.text ? cut(record.findings[0].text) : `a ${wordOf(record.modalities?.[0] ?? "memory")}`;
}
