/** A memory on a Sensorium server. Its types are made from the server's own description. */
import createClient, { type Client } from "openapi-fetch";
import type { components, paths } from "./schema.d.ts";

export type Hit = Awaited<ReturnType<Sensorium["recall"]>>[number];
export type Memory = Hit["record"];
type Problem = components["schemas"]["Problem"];
type Recall = NonNullable<paths["/v1/recall"]["post"]["requestBody"]>["content"]["application/json"];
type Remember = NonNullable<paths["/v1/memories"]["post"]["requestBody"]>["content"]["application/json"];

/** What the server refused: what came, what was needed, and what to do. */
export class SensoriumError extends Error {
  constructor(readonly problem: Problem) {
    super(`${problem.came}; needed ${problem.needed}; ${problem.remedy}`);
    this.name = problem.code;
  }
}

export class Sensorium {
  readonly #client: Client<paths>;

  /** @param url Address of the server. @param token A token of the owner; see `sensorium token add`. */
  constructor(url: string, token: string) {
    this.#client = createClient<paths>({ baseUrl: url, headers: { Authorization: `Bearer ${token}` } });
    this.#client.use({
      async onResponse({ response }) {
        if (response.headers.get("Content-Type")?.startsWith("application/problem+json")) {
          throw new SensoriumError(await response.json() as Problem);
        }
      },
    });
  }

  /** Remember words, and files as one memory with them. Units of depth, heat and motion go into `units`. */
  async remember(about: Remember, files: File[] = []): Promise<string> {
    const { data } = await this.#client.POST("/v1/memories", { body: about, ...form("about", files) });
    return data!.records[0]!.id;
  }

  /** Find memories by words, files and ids of other memories; `{file: 0}` means the first file. */
  async recall(ask: Recall, files: File[] = []) {
    const { data } = await this.#client.POST("/v1/recall", { body: ask, ...form("ask", files) });
    return data!.hits;
  }

  async get(id: string) {
    const { data } = await this.#client.GET("/v1/memories/{id}", { params: { path: { id } } });
    return data!;
  }

  async correct(id: string, text: string) {
    const { data } = await this.#client.PATCH("/v1/memories/{id}", { params: { path: { id } }, body: { text } });
    return data!;
  }

  async forget(id: string): Promise<number> {
    const { data } = await this.#client.DELETE("/v1/memories/{id}", { params: { path: { id } } });
    return data!.removed;
  }

  /** The file of a picture, sound or other medium of a memory, by `memory.media[i].digest`. */
  async media(digest: string): Promise<Blob> {
    const { data } = await this.#client.GET("/v1/media/{digest}", { params: { path: { digest } }, parseAs: "blob" });
    return data as Blob;
  }
}

/** Send files beside the JSON, as a form whose part `name` is the JSON. */
function form(name: string, files: File[]) {
  if (!files.length) return {};
  return {
    bodySerializer: (json: unknown) => {
      const parts = new FormData();
      parts.append(name, JSON.stringify(json));
      for (const file of files) parts.append("media", file);
      return parts;
    },
  };
}
