/** Markup in template literals. Values become text nodes or attributes, never markup. */
import { h, render, Fragment } from "../vendor/preact.js";
import htm from "../vendor/htm.js";

export { render, Fragment };
export * from "../vendor/hooks.js";
export const html = htm.bind(h);
