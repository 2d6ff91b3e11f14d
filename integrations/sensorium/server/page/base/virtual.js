/** A long list of which only what is seen exists. */
import { html, useEffect, useRef, useState } from "./html.js";

const SPARE = 6; // rows above and below what is seen

/**
 * @param {{count: number, height: number, label: string, row: (index: number) => any,
 *   seen?: (first: number, last: number) => void, top?: number}} props
 *   height: pixels of a row; top: row to scroll to when it changes
 */
export function VirtualList({ count, height, label, row, seen, top }) {
  const box = useRef(null);
  const [range, setRange] = useState([0, 0]);
  const measure = () => {
    if (!box.current) return;
    const { scrollTop, clientHeight } = box.current;
    const first = Math.max(0, Math.floor(scrollTop / height) - SPARE);
    const last = Math.min(count, Math.ceil((scrollTop + clientHeight) / height) + SPARE);
    setRange((old) => (old[0] === first && old[1] === last ? old : [first, last]));
    seen?.(first, last);
  };
  useEffect(measure, [count]);
  useEffect(() => {
    const watched = new ResizeObserver(measure);
    watched.observe(box.current);
    return () => watched.disconnect();
  });
  useEffect(() => {
    if (top !== undefined) box.current.scrollTop = top * height;
  }, [top]);
  const rows = [];
  for (let index = range[0]; index < Math.min(range[1], count); index += 1)
    rows.push(html`<div class="line" role="listitem" key=${index} aria-setsize=${count} aria-posinset=${index + 1}
      style=${{ top: `${index * height}px`, height: `${height}px` }}>${row(index)}</div>`);
  return html`<div class="virtual" ref=${box} tabindex="0" role="region" aria-label=${label} onScroll=${measure}>
    <div role="list" aria-label=${label} style=${{ height: `${count * height}px`, position: "relative" }}>${rows}</div></div>`;
}
