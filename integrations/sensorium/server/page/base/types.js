/**
 * What the server answers, as far as the page reads it; docs/api.md has the whole.
 *
 * @typedef {{modality: string, digest: string, file: string|null, mime: string|null, bytes: number,
 *   units: Record<string, unknown>, duration: number|null, uri: string|null, at: string|null,
 *   spans: number[][], of: string|null}} Medium
 * @typedef {{text: string, origin: string, by: string, of: string, span: number[]|null,
 *   box: number[]|null, confidence: number}} Finding
 * @typedef {{id: string, owner: string, at: string, until: string, created_at: string,
 *   expires_at: string|null, text: string, tags: string[], source: string|null,
 *   metadata: Record<string, unknown>, modalities: string[], media: Medium[],
 *   place: {latitude: number, longitude: number, altitude: number|null}|null,
 *   findings: Finding[], owner: string, shared: boolean}} MemoryRecord
 * @typedef {{record: MemoryRecord, score: number, confidence: number|null, certainty: string|null,
 *   modality: string, span: number[]|null, medium: string|null, finding: Finding|null}} Hit
 * @typedef {{key: number, kind: "words"|"file"|"id", name: string, weight: number, words?: string,
 *   file?: File, id?: string, modality?: string, url?: string, units?: Record<string, unknown>,
 *   look?: Look, needed?: Record<string, unknown[]>}} Ingredient
 * @typedef {{name: string, modality: string|null, reading: Record<string, unknown>, seconds: number|null,
 *   units_needed: Record<string, unknown[]>, at: string|null, error: string|null}} Look
 * @typedef {{modalities: string[], tags: string[], since: string, until: string, least: string}} Filters
 */
export {};
