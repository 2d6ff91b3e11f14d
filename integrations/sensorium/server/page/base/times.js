/** Times and durations in words, in the reader's own zone. */
const DAY = { year: "numeric", month: "short", day: "numeric" };
const MINUTE = { ...DAY, hour: "2-digit", minute: "2-digit" };
const day = new Intl.DateTimeFormat("en-GB", DAY);
const minute = new Intl.DateTimeFormat("en-GB", MINUTE);
const second = new Intl.DateTimeFormat("en-GB", { ...MINUTE, second: "2-digit" });
const month = new Intl.DateTimeFormat("en-GB", { year: "numeric", month: "long" });

/** @param {string} iso */
export const when = (iso) => minute.format(new Date(iso));
/** @param {string} iso */
export const exactly = (iso) => second.format(new Date(iso));
/** @param {string} iso @param {string} by */
export const binName = (iso, by) => ({ hour: minute, day, month })[by].format(new Date(iso));

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const shortDay = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const shortMonth = new Intl.DateTimeFormat("en-GB", { month: "short", year: "numeric" });

/** A time on an axis, as fine as its steps are. @param {number} seconds @param {number} step seconds */
export function tickName(seconds, step) {
  const time = new Date(1000 * seconds);
  if (step >= 28 * 86_400) return shortMonth.format(time);
  const midnight = time.getHours() === 0 && time.getMinutes() === 0;
  return step >= 86_400 || midnight ? shortDay.format(time) : clock.format(time);
}

/** Seconds as 1.9 s or 2:05. @param {number} seconds */
export function lasting(seconds) {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** A time as a field of a form wants it, in the reader's zone. @param {string} iso */
export function forField(iso) {
  const time = new Date(iso);
  return new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

/** Bytes as 12 kB. @param {number} bytes */
export function sized(bytes) {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  let step = 0;
  while (bytes >= 1000 && step < units.length - 1) {
    bytes /= 1000;
    step += 1;
  }
  return `${step && bytes < 10 ? bytes.toFixed(1) : Math.round(bytes)} ${units[step]}`;
}
