/** A canvas that has as many pixels as the screen shows, drawn again when its width changes. */
import { useEffect, useLayoutEffect, useRef, useState } from "./html.js";
import { useTheme } from "./theme.js";

/**
 * @param {(context: CanvasRenderingContext2D, width: number, height: number, canvas: HTMLCanvasElement) => void} draw
 * @param {unknown[]} inputs drawn again when one of them changes
 */
export function useCanvas(draw, inputs) {
  const canvas = useRef(null);
  const [width, setWidth] = useState(0);
  const theme = useTheme();
  useEffect(() => {
    if (!canvas.current) return undefined;
    const watched = new ResizeObserver(([entry]) => setWidth(Math.round(entry.contentRect.width)));
    watched.observe(canvas.current);
    return () => watched.disconnect();
  }, [Boolean(canvas.current)]);
  useLayoutEffect(() => {
    const element = canvas.current;
    if (!element || !element.clientWidth) return;
    const { clientWidth, clientHeight } = element;
    const scale = devicePixelRatio || 1;
    element.width = Math.round(clientWidth * scale);
    element.height = Math.round(clientHeight * scale);
    const context = element.getContext("2d");
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, clientWidth, clientHeight);
    draw(context, clientWidth, clientHeight, element);
  }, [width, theme, ...inputs]);
  return canvas;
}
