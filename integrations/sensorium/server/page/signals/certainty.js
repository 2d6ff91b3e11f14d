/** How sure an answer is, in words and a sign: never in colour alone. */
import { html } from "../base/html.js";

const SIGNS = { sure: "●", uncertain: "◐", "probably unrelated": "○" };
const CLASSES = { sure: "sure", uncertain: "uncertain", "probably unrelated": "unrelated" };

/** @param {{hit: import("../base/types.js").Hit}} props */
export function CertaintyBadge({ hit }) {
  const { certainty, confidence } = hit;
  if (!certainty) return null;
  const title = confidence === null ? "" : `${Math.floor(100 * confidence)} of 100 answers like this are meant`;
  return html`<span class="certainty ${CLASSES[certainty]}" title=${title}><span aria-hidden="true">${SIGNS[certainty]}</span> ${certainty}</span>`;
}
