/** Fields for what the numbers of a file mean, where the file does not say it. */
import { html, useState } from "../base/html.js";
import { wordOf } from "../base/modalities.js";

/** Numbers stay numbers. @param {string} written */
export function valueOf(written) {
  const text = written.trim();
  if (text === "true" || text === "false") return text === "true";
  return text !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
}

/** Units without one of them, or with another value for it. */
export function withUnit(units, name, value) {
  const { [name]: _, ...rest } = units;
  if (name === "modality") return value === "" ? {} : { modality: value }; // other numbers meant something else
  return value === "" ? rest : { ...rest, [name]: value };
}

/** One field; what is being typed stays while files are looked at. */
function UnitField({ name, list, value, choices, set }) {
  const [typed, setTyped] = useState(null); // null: nothing since it was last taken
  const taken = (event) => {
    set(event);
    setTyped(null);
  };
  return html`<label class="field">${name}
    <input list=${list} value=${typed ?? value} onInput=${(event) => setTyped(event.target.value)} onChange=${taken} placeholder="choose, or write" />
    <datalist id=${list}>${choices.map((choice) => html`<option value=${String(choice)} />`)}</datalist></label>`;
}

/**
 * @param {{id: string, needed: Record<string, unknown[]>, units: Record<string, unknown>,
 *   change: (units: Record<string, unknown>) => void}} props
 */
export function UnitFields({ id, needed, units, change }) {
  const names = [...new Set([...Object.keys(needed), ...Object.keys(units)])].filter((name) => name !== "modality" || needed.modality).sort();
  return html`<div class="row">${names.map((name) => {
    const list = `${id}-${name}`;
    const choices = needed[name] ?? [units[name]];
    const set = (event) => change(withUnit(units, name, valueOf(event.target.value)));
    const value = String(units[name] ?? "");
    if (name === "modality") return html`<label class="field" key=${name}>it is
      <select value=${value} onChange=${set}><option value="">choose</option>${choices.map((choice) => html`<option value=${choice}>${wordOf(choice)}</option>`)}</select></label>`;
    return html`<${UnitField} key=${name} name=${name} list=${list} value=${value} choices=${choices} set=${set} />`;
  })}</div>`;
}
