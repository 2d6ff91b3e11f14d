/** Records by their ids, each read when its line is seen. */
import { html, useRef, useState } from "../base/html.js";
import { get, pathOf } from "../base/api.js";
import { HEIGHT, RecordLine } from "./line.js";
import { VirtualList } from "../base/virtual.js";

const MOST_KEPT = 2000; // records

/** @param {{ids: string[], label: string}} props */
export function RecordList({ ids, label }) {
  const records = useRef(new Map());
  const [, setArrived] = useState(0);
  const need = (first, last) => {
    for (const id of ids.slice(first, last)) {
      if (records.current.has(id)) continue;
      if (records.current.size > MOST_KEPT) records.current.clear();
      records.current.set(id, undefined); // on its way
      get(pathOf(id)).then((record) => { records.current.set(id, record); setArrived((old) => old + 1); }, () => null); // forgotten meanwhile
    }
  };
  return html`<${VirtualList} count=${ids.length} height=${HEIGHT} label=${label} key=${ids.length + (ids[0] ?? "")}
    row=${(index) => html`<${RecordLine} record=${records.current.get(ids[index])} />`} seen=${need} />`;
}
