/** Probabilities as bars, for all of it and for each modality. */
import { html } from "../base/html.js";
import { colourOf, wordOf } from "../base/modalities.js";

/** @param {{title: string, found: {label: string, probability: number}[], colour: string}} props */
function BarList({ title, found, colour }) {
  const sorted = [...found].sort((one, other) => other.probability - one.probability);
  return html`<section aria-label=${title}>${title && html`<h3>${title}</h3>`}
    <ul class="bars" style=${{ "--of": colour }}>${sorted.map(({ label, probability }) => html`<li key=${label}>
      <span class="name"><bdi>${label}</bdi></span>
      <span class="track" aria-hidden="true"><span style=${{ width: `${Math.max(0.5, 100 * probability)}%` }}></span></span>
      <span class="number">${Math.round(100 * probability)} %</span></li>`)}</ul></section>`;
}

/** @param {{answer: {labels: any, by_modality: Record<string, any>}}} props */
export function Bars({ answer }) {
  const each = Object.entries(answer.by_modality);
  const whole = answer.labels;
  return html`<div class="stack" role="status">
    ${each.length !== 1 && whole.length > 0 && html`<${BarList} title="All of it" found=${whole} colour="var(--accent)" />`}
    ${each.map(([modality, found]) => html`<${BarList} key=${modality} title=${`By the ${wordOf(modality)}`} found=${found} colour=${colourOf(modality)} />`)}
  </div>`;
}
