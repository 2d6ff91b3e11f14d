/** What the numbers of files mean, chosen once for all files of a kind. */
import { html } from "../base/html.js";
import { needsUnits } from "../ask/looking.js";
import { manyOf, wordOf } from "../base/modalities.js";
import { UnitFields } from "../ask/units.js";

const PICTURES = ["image", "depth", "thermal"]; // what a picture file may be
const DONE = new Set(["added", "known", "sending"]);

/** Files of which the same has to be chosen. @returns {Map<string, any[]>} */
export function groupsOf(entries) {
  const groups = new Map();
  for (const one of entries) {
    const picture = one.look && PICTURES.includes(one.look.modality) && (one.look.modality === "image" || one.units.modality);
    if (DONE.has(one.state) || !(needsUnits(one.look) || picture)) continue;
    // What was chosen for several keeps them together, though they are looked at one after another
    const chosen = Object.keys(one.units).length ? [JSON.stringify(one.units)] : [one.look.modality, ...Object.keys(one.look.units_needed ?? {})];
    const key = chosen.join(" ");
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return groups;
}

function Group({ some, place, change }) {
  const [{ look, units }] = some;
  const modality = units.modality ?? look.modality;
  const count = some.length === 1 ? "One file" : `${some.length} files`;
  const needed = Object.assign({}, ...some.map((one) => one.look.units_needed ?? {}));
  const taken = PICTURES.includes(modality) && !needed.modality && html`<select aria-label="taken as" value=${modality}
    onChange=${(event) => change(event.target.value === "image" ? {} : { modality: event.target.value })}>
    ${PICTURES.map((name) => html`<option value=${name} selected=${name === modality}>${wordOf(name)}</option>`)}</select>`;
  if (taken && !needsUnits(look) && !units.modality)
    return html`<div class="row"><span>${some.length === 1 ? "One picture file" : `${some.length} picture files`} taken as</span>${taken}</div>`;
  return html`<fieldset class="needs"><legend>${count}, taken as ${some.length === 1 ? wordOf(modality ?? "a file") : manyOf(modality ?? "files")}: ${some.slice(0, 3).map((one) => one.name).join(", ")}${some.length > 3 ? ", …" : ""}</legend>
    <div class="row">
      ${taken && html`<div class="field">${taken}</div>`}
      <${UnitFields} id=${`group-${place}`} needed=${needed} units=${units} change=${(changed) => change({ modality: modality ?? undefined, ...changed })} /></div></fieldset>`;
}

/** @param {{entries: any[], change: (entries: any[], units: Record<string, unknown>) => void}} props */
export function UnitGroups({ entries, change }) {
  return [...groupsOf(entries).values()].map((some, place) =>
    html`<${Group} key=${some[0].key} some=${some} place=${place} change=${(units) => change(some, units)} />`);
}
