/** False colours: what a number looks like. Each palette is a few colours with even steps between. */

/** @type {Record<string, {word: string, stops: number[][]}>} */
export const PALETTES = {
  depth: { word: "near is bright", stops: [[255, 244, 190], [250, 180, 90], [226, 90, 80], [150, 45, 120], [70, 25, 110], [20, 12, 50]] },
  sea: { word: "near is red", stops: [[170, 20, 30], [240, 130, 50], [250, 230, 120], [80, 190, 150], [40, 110, 190], [35, 30, 110]] },
  grey: { word: "near is white", stops: [[255, 255, 255], [0, 0, 0]] },
  iron: { word: "iron", stops: [[6, 4, 30], [70, 10, 120], [180, 30, 110], [240, 110, 30], [255, 205, 60], [255, 255, 235]] },
  white: { word: "white is hot", stops: [[0, 0, 0], [255, 255, 255]] },
  black: { word: "black is hot", stops: [[255, 255, 255], [0, 0, 0]] },
  rainbow: { word: "blue to red", stops: [[35, 30, 130], [30, 130, 210], [70, 200, 130], [245, 220, 70], [240, 120, 40], [165, 20, 30]] },
};
export const OF_MODALITY = { depth: ["depth", "sea", "grey"], thermal: ["iron", "white", "black", "rainbow"] };

/** 256 colours of a palette, `[r, g, b, r, g, b, ...]`. @param {string} name @param {boolean} [turned] from its end */
export function table(name, turned = false) {
  const stops = turned ? [...PALETTES[name].stops].reverse() : PALETTES[name].stops;
  const colours = new Uint8ClampedArray(3 * 256);
  for (let i = 0; i < 256; i += 1) {
    const place = (i / 255) * (stops.length - 1);
    const left = Math.min(stops.length - 2, Math.floor(place));
    for (let band = 0; band < 3; band += 1)
      colours[3 * i + band] = stops[left][band] + (place - left) * (stops[left + 1][band] - stops[left][band]);
  }
  return colours;
}
