/** Fields for what the numbers of a file mean, where the file does not say it. */
import { html } from "./html.js";

let lists = 0;

/** Numbers stay numbers. @param {string} written */
export function valueOf(written) {
  const text = written.trim();
  if (text === "true" || text === "false") return text === "true";
  return text !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
}

/** @param {{needed: Record<string, unknown[]>, units: Record<string, unknown>, change: (units: Record<string, unknown>) => void}} props */
export function UnitFields({ needed, units, change }) {
  return html`<div class="row">${Object.entries(needed).map(([name, choices]) => {
    const list = `choices-${name}-${lists++ % 1000}`;
    const set = (event) => change({ ...units, [name]: valueOf(event.target.value) });
    return html`<label class="field" key=${name}>${name}
      <input list=${list} value=${String(units[name] ?? "")} onChange=${set} placeholder="choose, or write" required />
      <datalist id=${list}>${(choices ?? []).map((choice) => html`<option value=${String(choice)} />`)}</datalist>
    </label>`;
  })}</div>`;
}
