/** Timeline: what was when, in a list of any length. */
import { html, useEffect, useMemo, useState } from "../base/html.js";
import { get, query } from "../base/api.js";
import { Density } from "./density.js";
import { useFetched } from "../base/fetched.js";
import { FilterBar } from "../ask/filterbar.js";
import { Icon } from "../base/icon.js";
import { HEIGHT, RecordLine } from "../record/line.js";
import { useHappenings } from "../base/live.js";
import { filterFields, noFilters } from "../ask/question.js";
import { binOf, Segments } from "./segments.js";
import { Trouble } from "../base/trouble.js";
import { VirtualList } from "../base/virtual.js";

const SETTLED = 400; // milliseconds after the last of many happenings

/** Filters of the form as parameters of an address. */
export function parameters(filters) {
  const { modalities, tags, since, until } = filterFields(filters);
  return { modality: modalities, tag: tags, since, until };
}

/** When the first and the last record of some filters began: two small questions. */
async function ends(fields, signal) {
  const found = await Promise.all(["asc", "desc"].map((order) => get(`/v1/memories${query({ ...fields, order, limit: 1 })}`, signal)));
  return found.flatMap(({ records }) => records.map(({ at }) => Date.parse(at)));
}

/** The bins of a stretch of time, as fine as is readable; counting all is slow, so it is done once. */
async function bins(filters, stretch, signal) {
  const fields = { ...parameters(filters), ...(stretch ? { since: stretch[0].toISOString(), until: stretch[1].toISOString() } : {}) };
  const [first, last] = await ends(fields, signal);
  if (first === undefined) return { by: "month", bins: [] };
  const found = await get(`/v1/density${query({ ...fields, by: binOf(last - first) })}`, signal);
  if (!stretch) return found;
  return { ...found, bins: found.bins.filter(({ at }) => Date.parse(at) < stretch[1].getTime()) };
}

export function Timeline({ route }) {
  const [filters, setFilters] = useState(noFilters);
  const [stretch, setStretch] = useState(null);
  const [, setArrived] = useState(0);
  const [renewed, setRenewed] = useState(0);
  const [top, setTop] = useState(undefined);
  const { value: found, error } = useFetched((signal) => bins(filters, stretch, signal), [filters, stretch, renewed]);
  const segments = useMemo(
    () => found && new Segments(found.bins, found.by, { modality: filters.modalities, tag: filters.tags }, () => setArrived((old) => old + 1)),
    [found]);
  useHappenings(() => {
    clearTimeout(Timeline.timer);
    Timeline.timer = setTimeout(() => setRenewed((old) => old + 1), SETTLED);
  });
  useEffect(() => {
    const at = route.search.get("at");
    if (at && segments) setTop(segments.rowOf(Date.parse(at)));
  }, [Boolean(segments)]);
  const jump = (at) => segments && setTop(segments.rowOf(at.getTime()));
  return html`<h1>Timeline</h1>
    <${FilterBar} filters=${filters} change=${(changed) => { setFilters(changed); setStretch(null); }} certainty=${false} />
    <${Trouble} error=${error} />
    ${found && html`<div class="panel stack">
      <div class="spread"><h2>${segments.count === 1 ? "1 memory" : `${segments.count.toLocaleString("en-GB")} memories`}, by ${found.by}</h2>
        ${stretch && html`<button type="button" onClick=${() => setStretch(null)}><${Icon} name="undo" />Show all again</button>`}</div>
      ${found.bins.length > 0 && html`<${Density} bins=${found.bins} by=${found.by} zoom=${(since, until) => setStretch([since, until])} jump=${jump} />`}
      ${segments.count > 0 ? html`<${VirtualList} count=${segments.count} height=${HEIGHT} label="Memories, the newest first" top=${top}
          row=${(index) => html`<${RecordLine} record=${segments.at(index)} />`} seen=${(first, last) => segments.need(first, last)} />`
        : html`<p class="soft">There is nothing here. <a href="#/add">Add something</a>, or remove a filter.</p>`}
    </div>`}`;
}
