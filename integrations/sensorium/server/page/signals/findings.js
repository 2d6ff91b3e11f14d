/** Words that were read or heard in a medium. */
import { html } from "../base/html.js";
import { cut } from "../base/titles.js";
import { lasting } from "../base/times.js";

const ORIGINS = { read: "Read in it", heard: "Heard in it", subtitle: "Subtitle" };
const MOST = 3; // on a card
const LONGEST = 300; // characters of one

/** @param {{findings: import("../base/types.js").Finding[], matched?: import("../base/types.js").Finding|null, all?: boolean}} props */
export function Findings({ findings, matched = null, all = false }) {
  const same = (one) => matched && one.text === matched.text && one.of === matched.of;
  const sorted = [...findings].sort((one, other) => Number(same(other) ?? 0) - Number(same(one) ?? 0));
  const shown = all ? sorted : sorted.slice(0, MOST);
  if (!shown.length) return null;
  const words = (one) => (all ? one.text : cut(one.text, LONGEST));
  return html`<ul class="findings">${shown.map((one) => html`<li>
    <span class="origin">${ORIGINS[one.origin] ?? "Found in it"}${one.span ? ` at ${lasting(one.span[0])}` : ""}</span>
    ${same(one) ? html`<mark class="words" dir="auto">${words(one)}</mark>` : html`<span class="words" dir="auto">${words(one)}</span>`}
  </li>`)}</ul>`;
}
