/** Motion as six curves, acceleration above rotation, with the stretch that matched lit. */
import uPlot from "../vendor/uplot.js";
import { html, useEffect, useRef } from "../base/html.js";
import { signalOf } from "../base/api.js";
import { useFetched } from "../base/fetched.js";
import { colour, useTheme } from "../base/theme.js";
import { lasting } from "../base/times.js";

const INKS = ["--of-thermal", "--of-imu", "--of-image"]; // x, y, z
const DASHES = [[], [6, 3], [2, 3]]; // so that colour is not the only sign
const HEIGHT = 130; // pixels
const NAMES = { ax: "x", ay: "y", az: "z", gx: "x", gy: "y", gz: "z" };
const TITLES = ["Acceleration", "Rotation"];

/** Options of a plot of three curves. */
function options(host, title, unit, names, lit, width) {
  const ink = colour(host, "--soft");
  const grid = { stroke: colour(host, "--line"), width: 1 };
  const axis = { stroke: ink, grid, ticks: grid, font: "12px system-ui" };
  const series = names.map((name, i) => ({
    label: NAMES[name] ?? name, stroke: colour(host, INKS[i % 3]), width: 1.5, dash: DASHES[i % 3],
    value: (_, value) => (value === null || value === undefined ? "–" : value.toFixed(2)),
  }));
  const band = (plot) => {
    if (!lit) return;
    const { left, top, height } = plot.bbox;
    const from = plot.valToPos(lit[0], "x", true);
    const to = plot.valToPos(lit[1], "x", true);
    plot.ctx.fillStyle = colour(host, "--lit-wash");
    plot.ctx.fillRect(Math.max(left, from), top, Math.max(2, to - from), height);
  };
  return {
    width, height: HEIGHT, title: `${title}${unit ? `, ${unit}` : ""}`,
    scales: { x: { time: false } }, axes: [{ ...axis, values: (_, ticks) => ticks.map((tick) => `${tick} s`) }, { ...axis, size: 44 }],
    series: [{ label: "at", value: (_, value) => (value === null || value === undefined ? "–" : lasting(value)) }, ...series],
    hooks: { drawClear: [band] }, cursor: { y: false, drag: { x: true, y: false } },
  };
}

/** @param {{medium: import("../base/types.js").Medium, span: number[]|null, name: string}} props */
export function Curves({ medium, span, name }) {
  const host = useRef(null);
  const theme = useTheme();
  const { value: signal, error } = useFetched(() => signalOf(medium.digest), [medium.digest]);
  useEffect(() => {
    if (!signal?.t?.length || !host.current) return undefined;
    const total = signal.t[signal.t.length - 1] - signal.t[0];
    const lit = span && span[1] - span[0] < 0.98 * total ? span : null;
    const plots = [0, 1].map((half) => {
      const names = signal.names.slice(3 * half, 3 * half + 3);
      return names.length && new uPlot(options(host.current, TITLES[half], signal.units[3 * half], names, lit, host.current.clientWidth || 300),
        [signal.t, ...signal.values.slice(3 * half, 3 * half + 3)], host.current);
    }).filter(Boolean);
    const element = host.current;
    const watched = new ResizeObserver(() => plots.forEach((plot) => plot.setSize({ width: element.clientWidth, height: HEIGHT })));
    watched.observe(element);
    return () => { watched.disconnect(); plots.forEach((plot) => plot.destroy()); };
  }, [signal, theme, span?.[0], span?.[1]]);
  if (error) return html`<p class="soft small">Its curves cannot be drawn: <bdi>${error.message}</bdi></p>`;
  return html`<div class="curves" ref=${host} role="img" aria-label="Motion: ${name}, acceleration and rotation over time"></div>`;
}
