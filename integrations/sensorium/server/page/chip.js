/** One ingredient of a question: what it is, how much it counts, and a way to take it out. */
import { html, useEffect, useState } from "./html.js";
import { Icon } from "./icon.js";
import { lookAt } from "./looking.js";
import { UnitFields } from "./units.js";
import { wordOf } from "./modalities.js";

const WEIGHTS = [[3, "× 3"], [2, "× 2"], [1.5, "× 1.5"], [1, "× 1"], [0.5, "× ½"], [0.25, "× ¼"], [-0.5, "less of it"], [-1, "without it"]];

export function Chip({ ingredient, first, replace, remove }) {
  const { name, kind, weight, modality, url } = ingredient;
  const [look, setLook] = useState(null);
  useEffect(() => {
    if (kind !== "file") return;
    lookAt([ingredient.file]).then(([found]) => setLook(found), () => null); // recall itself says what is wrong
  }, []);
  const known = modality ?? look?.modality ?? (kind === "words" ? "text" : undefined);
  const needed = look?.units_needed && Object.keys(look.units_needed).length > 0;
  return html`<li class="chip">
    ${!first && html`<span class="plus" aria-hidden="true">${weight < 0 ? "−" : "+"}</span>`}
    <div class="body">
      ${url && known === "image" ? html`<img src=${url} alt="" />` : html`<${Icon} name=${kind === "words" ? "text" : known ?? "file"} />`}
      ${url && known === "audio" ? html`<audio src=${url} controls aria-label=${name}></audio>` : html`<bdi class="label" title=${name}>${name}</bdi>`}
      <label><span class="hidden">How much ${name} counts</span>
        <select value=${String(weight)} onChange=${(event) => replace({ ...ingredient, weight: Number(event.target.value) })}>
          ${WEIGHTS.map(([value, word]) => html`<option value=${String(value)}>${word}</option>`)}
        </select></label>
      <button type="button" class="plain square" aria-label="Take out ${name}" onClick=${() => remove(ingredient.key)}><${Icon} name="close" /></button>
      ${needed && html`<div class="needs"><span class="small">Taken as ${wordOf(look.modality)}. What are its numbers?</span>
        <${UnitFields} needed=${look.units_needed} units=${ingredient.units ?? {}}
          change=${(units) => replace({ ...ingredient, modality: look.modality, units })} /></div>`}
    </div>
  </li>`;
}
