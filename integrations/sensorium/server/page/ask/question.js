/** A question: a sum of words, files and records, and what the answers are restricted to. */
import { call } from "../base/api.js";
import { lookAt } from "./looking.js";

export const HITS = 24; // asked for at once
let keys = 0;

/** @returns {{words: string, ingredients: import("../base/types.js").Ingredient[], filters: import("../base/types.js").Filters, asked: number}} */
export const emptyQuestion = () => ({ words: "", ingredients: [], filters: noFilters(), asked: 0 });

/** @returns {import("../base/types.js").Filters} */
export const noFilters = () => ({ modalities: [], tags: [], since: "", until: "", least: "" });

/** @param {string} words */
export const wordsIngredient = (words) => ({ key: ++keys, kind: "words", name: words, words, weight: 1 });

/** @param {string} id @param {string} name @param {string} [modality] */
export const idIngredient = (id, name, modality) => ({ key: ++keys, kind: "id", name, id, modality, weight: 1 });

/** @param {File} file */
export const fileIngredient = (file) => ({ key: ++keys, kind: "file", name: file.name || "pasted", file, weight: 1, url: URL.createObjectURL(file) });

/** "bark + sea" is two ingredients. @param {string} words */
export const split = (words) => words.split(/\s\+\s/).map((part) => part.trim()).filter(Boolean);

/** Whether there is anything to ask. */
export const isBlank = (question) => !question.ingredients.length && !question.words.trim();

/** The same ingredient with what its file would be, if that is not known yet. */
export async function looked(ingredient) {
  if (ingredient.kind !== "file" || ingredient.look) return ingredient;
  return { ...ingredient, look: await lookAt(ingredient.file, ingredient.units) };
}

/** The part of a request for one ingredient. */
function partOf(ingredient, files) {
  const part = { weight: ingredient.weight };
  if (ingredient.kind === "words") return { ...part, words: ingredient.words };
  if (ingredient.kind === "id") return { ...part, id: ingredient.id };
  files.push(ingredient.file);
  const units = ingredient.units && Object.keys(ingredient.units).length ? { units: ingredient.units } : {};
  return { ...part, file: files.length - 1, ...units };
}

/** A day of a form as a time: of its start, or of its end. */
function timeOf(day, end) {
  if (!day) return undefined;
  return new Date(`${day}T${end ? "23:59:59.999" : "00:00:00"}`).toISOString();
}

/** Filters as fields of a request. @param {import("../base/types.js").Filters} filters */
export function filterFields({ modalities, tags, since, until }) {
  const fields = {};
  if (modalities.length) fields.modalities = modalities;
  if (tags.length) fields.tags = tags;
  if (since) fields.since = timeOf(since, false);
  if (until) fields.until = timeOf(until, true);
  return fields;
}

/**
 * Ask the server.
 * @param {ReturnType<typeof emptyQuestion>} question @param {AbortSignal} signal
 * @returns {Promise<{hits: import("../base/types.js").Hit[], notes: string[], took_ms: number}>}
 */
export function recall({ words, ingredients, filters }, signal) {
  const files = [];
  const parts = ingredients.map((ingredient) => partOf(ingredient, files));
  if (words.trim()) parts.push({ words: words.trim(), weight: 1 });
  const ask = { parts, limit: HITS, ...filterFields(filters) };
  if (filters.least) ask.min_confidence = Number(filters.least);
  if (!files.length) return call("POST", "/v1/recall", { json: ask, signal });
  const form = new FormData();
  form.append("ask", JSON.stringify(ask));
  files.forEach((file) => form.append("media", file, file.name || "pasted"));
  return call("POST", "/v1/recall", { form, signal });
}
