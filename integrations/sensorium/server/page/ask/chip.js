/** One ingredient of a question: what it is, how much it counts, and a way to take it out. */
import { html } from "../base/html.js";
import { Icon } from "../base/icon.js";
import { UnitFields } from "./units.js";

const WEIGHTS = [[3, "× 3"], [2, "× 2"], [1.5, "× 1.5"], [1, "× 1"], [0.5, "× ½"], [0.25, "× ¼"], [-0.5, "less of it"], [-1, "without it"]];

function Face({ ingredient, modality }) {
  const { name, kind, url } = ingredient;
  if (url && modality === "image") return html`<img src=${url} alt="" /><bdi class="label" title=${name}>${name}</bdi>`;
  if (url && modality === "audio") return html`<${Icon} name="audio" /><audio src=${url} controls aria-label=${name}></audio>`;
  return html`<${Icon} name=${kind === "words" ? "text" : modality ?? "file"} /><bdi class="label" title=${name}>${name}</bdi>`;
}

export function Chip({ ingredient, first, replace, remove, weighed = true }) {
  const { key, name, kind, weight, modality, look } = ingredient;
  const units = ingredient.units ?? {};
  const needed = look?.units_needed ?? ingredient.needed ?? {}; // fields stay while the file is looked at again
  const known = modality ?? look?.modality ?? (kind === "words" ? "text" : undefined);
  return html`<li class="chip">
    ${!first && html`<span class="plus" aria-hidden="true">${weight < 0 ? "−" : "+"}</span>`}
    <div class="body">
      <${Face} ingredient=${ingredient} modality=${known} />
      ${weighed && html`<label><span class="hidden">How much ${name} counts</span>
        <select value=${String(weight)} onChange=${(event) => replace({ ...ingredient, weight: Number(event.target.value) })}>
          ${WEIGHTS.map(([value, word]) => html`<option value=${String(value)} selected=${value === weight}>${word}</option>`)}
        </select></label>`}
      <button type="button" class="plain square" aria-label="Take out ${name}" onClick=${() => remove(key)}><${Icon} name="close" /></button>
      ${(Object.keys(needed).length > 0 || Object.keys(units).length > 0) && html`<div class="needs"><span class="small">What do its numbers mean?</span>
        <${UnitFields} id=${`units-${key}`} needed=${needed} units=${units} change=${(changed) => replace({ ...ingredient, units: { modality: look?.modality ?? undefined, ...changed }, look: undefined, needed })} /></div>`}
    </div>
  </li>`;
}
