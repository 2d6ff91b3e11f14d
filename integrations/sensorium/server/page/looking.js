/** What files would be, before anything is kept. */
import { call } from "./api.js";
import { wordOf } from "./modalities.js";
import { lasting } from "./times.js";

/**
 * @param {File} file @param {Record<string, unknown>} [units] modality and units, as far as they are chosen
 * @returns {Promise<import("./types.js").Look>}
 */
export async function lookAt(file, units = {}) {
  const form = new FormData();
  if (Object.keys(units).length) form.append("ask", JSON.stringify({ units: [units] }));
  form.append("media", file, file.name || "pasted");
  return (await call("POST", "/v1/look", { form })).files[0];
}

/** Whether something has to be chosen before the file can be read. @param {import("./types.js").Look|null} look */
export const needsUnits = (look) => Boolean(look && Object.keys(look.units_needed ?? {}).length);

const written = (value) => (Array.isArray(value) ? value.join(" × ") : typeof value === "object" ? JSON.stringify(value) : String(value));

/** A look in words. @param {import("./types.js").Look} look */
export function readingOf(look) {
  if (needsUnits(look)) return "say what its numbers mean, above";
  if (look.error) return look.error;
  const facts = Object.entries(look.reading ?? {}).filter(([, value]) => value !== null).slice(0, 4).map(([name, value]) => `${name} ${written(value)}`);
  return [wordOf(look.modality ?? "a file"), look.seconds ? lasting(look.seconds) : "", ...facts].filter(Boolean).join(", ");
}
