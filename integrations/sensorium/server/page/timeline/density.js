/** How many memories there are over time, as bars: drag to zoom, arrow keys to walk. */
import uPlot from "../vendor/uplot.js";
import { html, useEffect, useRef, useState } from "../base/html.js";
import { endOf } from "./segments.js";
import { colour, useTheme } from "../base/theme.js";
import { binName, tickName } from "../base/times.js";

const HEIGHT = 150; // pixels

function options(host, width, by, hooks) {
  const ink = colour(host, "--soft");
  const grid = { stroke: colour(host, "--line"), width: 1 };
  const accent = colour(host, "--accent");
  return {
    width, height: HEIGHT, legend: { show: false }, scales: { x: { time: true }, y: { range: (_, __, most) => [0, Math.max(1, most * 1.08)] } },
    axes: [{ stroke: ink, grid: { show: false }, ticks: grid, font: "12px system-ui", space: 80, values: (_, ticks, __, ___, step) => ticks.map((tick) => tickName(tick, step)) },
      { stroke: ink, grid, ticks: { show: false }, size: 44, font: "12px system-ui", incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 1e6] }],
    series: [{}, { fill: accent, stroke: accent, width: 0, paths: uPlot.paths.bars({ size: [0.85, 60], align: 1 }), points: { show: false } }],
    cursor: { y: false, points: { show: false }, drag: { x: true, y: false, setScale: false } }, hooks,
  };
}

/** Bins without gaps, as uPlot draws them: times in seconds, and counts. */
function columns(bins, by) {
  const times = [];
  const counts = [];
  for (const { at, count } of bins) {
    times.push(Date.parse(at) / 1000);
    counts.push(count);
  }
  if (times.length) { // room for the last bar
    times.push(endOf(bins[bins.length - 1].at, by).getTime() / 1000);
    counts.push(null);
  }
  return [times, counts];
}

/**
 * @param {{bins: {at: string, count: number}[], by: string, zoom: (since: Date, until: Date) => void,
 *   jump: (at: Date) => void}} props
 */
export function Density({ bins, by, zoom, jump }) {
  const host = useRef(null);
  const [place, setPlace] = useState(null);
  const theme = useTheme();
  useEffect(() => {
    const nearest = (plot) => plot.posToIdx(plot.cursor.left);
    const selected = (plot) => {
      const { left, width } = plot.select;
      if (width < 8) return;
      zoom(new Date(1000 * plot.posToVal(left, "x")), new Date(1000 * plot.posToVal(left + width, "x")));
      plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
    };
    const plot = new uPlot(options(host.current, host.current.clientWidth || 300, by, { setSelect: [selected] }), columns(bins, by), host.current);
    const pressed = () => {
      const found = Math.min(bins.length - 1, nearest(plot));
      if (bins[found]) { setPlace(found); jump(new Date(bins[found].at)); }
    };
    plot.over.addEventListener("click", pressed);
    const element = host.current;
    const watched = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: HEIGHT }));
    watched.observe(element);
    return () => { watched.disconnect(); plot.destroy(); };
  }, [bins, theme]);
  const pressed = (event) => {
    const last = bins.length - 1;
    const from = place ?? last + 1;
    const to = { ArrowLeft: Math.max(0, from - 1), ArrowRight: Math.min(last, from + 1), Home: 0, End: last }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      setPlace(to);
      jump(new Date(bins[to].at));
    } else if (event.key === "Enter" && bins[place]) zoom(new Date(bins[place].at), endOf(bins[place].at, by));
  };
  const shown = place === null ? null : bins[place];
  return html`<div class="density" tabindex="0" role="group" aria-label="Memories over time. Arrow keys walk through it, Enter zooms in." onKeyDown=${pressed}>
    <div ref=${host} aria-hidden="true"></div>
    <p class="small soft" role="status">${shown ? `${binName(shown.at, by)}: ${shown.count === 1 ? "1 memory" : `${shown.count} memories`}` : "Drag over a stretch to zoom in, press a bar to go there."}</p>
  </div>`;
}
