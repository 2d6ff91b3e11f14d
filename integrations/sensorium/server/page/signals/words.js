/** Words with the stretch that matched lit. Text is text, whatever it holds. */
import { html } from "../base/html.js";

const AROUND = 160; // characters before and after what matched
const FIRST = 420; // characters of a text in which nothing is lit

/** Spans count whole characters, as Python does. @param {string} text */
function cutAt(text, start, end) {
  const letters = Array.from(text);
  const from = Math.max(0, start - AROUND);
  return {
    before: (from > 0 ? "…" : "") + letters.slice(from, start).join(""),
    lit: letters.slice(start, end),
    after: letters.slice(end, end + AROUND).join("") + (end + AROUND < letters.length ? "…" : ""),
    whole: end - start >= letters.length,
  };
}

/** @param {{text: string, span: number[]|null}} props */
export function Excerpt({ text, span }) {
  const short = text.length > FIRST ? `${Array.from(text.slice(0, FIRST)).join("")}…` : text;
  if (!span || span[1] <= span[0]) return html`<p class="words quote" dir="auto">${short}</p>`;
  const { before, lit, after, whole } = cutAt(text, span[0], span[1]);
  if (whole) return html`<p class="words quote" dir="auto">${short}</p>`;
  const middle = lit.length > FIRST ? `${lit.slice(0, FIRST).join("")}…` : lit.join("");
  return html`<p class="words quote" dir="auto">${before}<mark>${middle}</mark>${after}</p>`;
}
