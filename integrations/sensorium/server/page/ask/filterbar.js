/** What the answers are restricted to. */
import { html, useState } from "../base/html.js";
import { get } from "../base/api.js";
import { useFetched } from "../base/fetched.js";
import { Icon } from "../base/icon.js";
import { MODALITIES, manyOf } from "../base/modalities.js";
import { noFilters } from "./question.js";

const MOST_TAGS = 30; // shown to choose from
const LEAST = [["", "everything"], ["0.2", "uncertain and sure"], ["0.7", "sure only"]];

const toggled = (list, one) => (list.includes(one) ? list.filter((other) => other !== one) : [...list, one]);

const namesOf = (tally) => (tally?.values ?? []).map(({ value }) => value);

export function FilterBar({ filters, change, open: begin = false, certainty = true }) {
  const [open, setOpen] = useState(begin);
  const { value: tags } = useFetched((signal) => get("/v1/tally?field=tags", signal), []);
  const count = filters.modalities.length + filters.tags.length + [filters.since, filters.until, filters.least].filter(Boolean).length;
  const put = (fields) => change({ ...filters, ...fields });
  const pressable = (word, icon, on, press) => html`<button type="button" aria-pressed=${on ? "true" : "false"} onClick=${press}>
    ${icon && html`<${Icon} name=${icon} />`}<bdi>${word}</bdi></button>`;
  return html`<section class="filters" aria-label="Filters">
    <div class="row">
      <button type="button" class="plain" aria-expanded=${open ? "true" : "false"} onClick=${() => setOpen(!open)}>
        <${Icon} name="filter" />Filters${count ? ` (${count})` : ""}</button>
      ${count > 0 && html`<button type="button" class="plain" onClick=${() => change(noFilters())}>Remove all filters</button>`}
    </div>
    ${open && html`<div class="panel stack">
      <fieldset><legend>Kind</legend><div class="row">${Object.keys(MODALITIES).map((name) =>
        pressable(manyOf(name), name, filters.modalities.includes(name), () => put({ modalities: toggled(filters.modalities, name) })))}</div></fieldset>
      ${namesOf(tags).length > 0 && html`<fieldset><legend>Tag</legend><div class="row">${namesOf(tags).slice(0, MOST_TAGS).map((name) =>
        pressable(name, "", filters.tags.includes(name), () => put({ tags: toggled(filters.tags, name) })))}</div></fieldset>`}
      <div class="row">
        <label class="field">From<input type="date" value=${filters.since} onChange=${(event) => put({ since: event.target.value })} /></label>
        <label class="field">To<input type="date" value=${filters.until} onChange=${(event) => put({ until: event.target.value })} /></label>
        ${certainty && html`<label class="field">Show<select value=${filters.least} onChange=${(event) => put({ least: event.target.value })}>
          ${LEAST.map(([value, word]) => html`<option value=${value}>${word}</option>`)}</select></label>`}
      </div>
    </div>`}
  </section>`;
}
