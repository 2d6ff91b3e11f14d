/** What files would be, before anything is kept. */
import { call } from "../base/api.js";
import { wordOf } from "../base/modalities.js";
import { lasting } from "../base/times.js";

const ANY = ["imu", "depth", "thermal"]; // what files of numbers may be
const SAID = /^(image|audio|video|text)\//; // types of files that say themselves what they are
const LARGEST = 200_000_000; // bytes: larger files are read when they are used

/**
 * @param {File} file @param {Record<string, unknown>} [units] modality and units, as far as they are chosen
 * @returns {Promise<import("../base/types.js").Look>}
 */
export async function lookAt(file, units = {}) {
  if (file.size > LARGEST) return { name: file.name, modality: null, reading: {}, units_needed: {}, seconds: null, at: null, error: null };
  const form = new FormData();
  if (Object.keys(units).length) form.append("ask", JSON.stringify({ units: [units] }));
  form.append("media", file, file.name || "pasted");
  const look = (await call("POST", "/v1/look", { form })).files[0];
  const unknown = look.error && !look.modality && !needsUnits(look) && !SAID.test(file.type);
  return unknown ? { ...look, units_needed: { modality: ANY } } : look;
}

/** Whether something has to be chosen before the file can be read. @param {import("../base/types.js").Look|null} look */
export const needsUnits = (look) => Boolean(look && Object.keys(look.units_needed ?? {}).length);

const written = (value) => (Array.isArray(value) ? value.join(" × ") : typeof value === "object" ? JSON.stringify(value) : String(value));

/** A look in words. @param {import("../base/types.js").Look} look */
export function readingOf(look) {
  if (needsUnits(look)) return "say what its numbers mean, above";
  if (look.error) return look.error;
  const facts = Object.entries(look.reading ?? {}).filter(([, value]) => value !== null).slice(0, 4).map(([name, value]) => `${name} ${written(value)}`);
  return [wordOf(look.modality ?? "a file"), look.seconds ? lasting(look.seconds) : "", ...facts].filter(Boolean).join(", ");
}
