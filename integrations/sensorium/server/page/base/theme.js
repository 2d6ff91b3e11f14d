/** Light, dark, or as the system has it. */
import { html, useEffect, useState } from "./html.js";
import { Icon } from "./icon.js";

const CHOICES = [["auto", "half", "as the system"], ["light", "sun", "light"], ["dark", "moon", "dark"]];
const KEPT = "sensorium-theme";
export const themeChanges = new EventTarget();

function kept() {
  try {
    return localStorage.getItem(KEPT) ?? "auto";
  } catch {
    return "auto"; // a browser that keeps nothing
  }
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => themeChanges.dispatchEvent(new Event("change")));

export function ThemeSwitch() {
  const [theme, setTheme] = useState(kept);
  useEffect(() => {
    document.documentElement.dataset.theme = theme;
    try {
      localStorage.setItem(KEPT, theme);
    } catch {
      // it lasts as long as the page
    }
    themeChanges.dispatchEvent(new Event("change"));
  }, [theme]);
  const place = Math.max(0, CHOICES.findIndex(([name]) => name === theme));
  const [, icon, words] = CHOICES[place];
  const next = CHOICES[(place + 1) % CHOICES.length];
  return html`<button type="button" class="plain square" title="Colours: ${words}" aria-label="Colours: ${words}. Change to ${next[2]}"
    onClick=${() => setTheme(next[0])}><${Icon} name=${icon} /></button>`;
}

/** Draw again when the colours change. @returns {number} */
export function useTheme() {
  const [count, setCount] = useState(0);
  useEffect(() => {
    const changed = () => requestAnimationFrame(() => setCount((old) => old + 1));
    themeChanges.addEventListener("change", changed);
    return () => themeChanges.removeEventListener("change", changed);
  }, []);
  return count;
}

/** The computed colour of a variable. @param {Element} element @param {string} name */
export const colour = (element, name) => getComputedStyle(element).getPropertyValue(name);
