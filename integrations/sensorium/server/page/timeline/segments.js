/**
 * A timeline of any length, read where it is looked at.
 *
 * The density says how many records each hour, day or month has; each is a segment of the list, whose
 * records are read when its rows are seen. So one can scroll to any place of 100,000 records at once.
 */
import { get, query } from "../base/api.js";

const PAGE = 200; // records read at once
const DAY = 86_400_000; // milliseconds

/** The bin that gives a readable number of bars for a stretch of time. @param {number} milliseconds */
export function binOf(milliseconds) {
  if (milliseconds > 900 * DAY) return "month";
  return milliseconds > 6 * DAY ? "day" : "hour";
}

/** When a bin ends. @param {string} at @param {string} by */
export function endOf(at, by) {
  const start = new Date(at);
  if (by === "month") return new Date(Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + 1, 1));
  return new Date(start.getTime() + (by === "day" ? DAY : DAY / 24));
}

export class Segments {
  /**
   * @param {{at: string, count: number}[]} bins @param {string} by
   * @param {Record<string, unknown>} filters @param {() => void} changed called when rows have arrived
   */
  constructor(bins, by, filters, changed) {
    this.filters = filters;
    this.changed = changed;
    this.parts = [...bins].reverse().map(({ at, count }) => ({
      since: new Date(at), until: endOf(at, by), count, records: [], cursor: undefined, reading: false,
    }));
    this.count = bins.reduce((sum, { count }) => sum + count, 0);
  }

  /** The segment of a row and the row's place in it. @param {number} index */
  find(index) {
    for (const part of this.parts) {
      if (index < part.count) return { part, place: index };
      index -= part.count;
    }
    return null;
  }

  /** The record of a row, if it has been read. @param {number} index */
  at(index) {
    const found = this.find(index);
    return found?.part.records[found.place];
  }

  /** The first row at or before a time. @param {number} time */
  rowOf(time) {
    let row = 0;
    for (const part of this.parts) {
      if (part.since.getTime() <= time) return row;
      row += part.count;
    }
    return Math.max(0, row - 1);
  }

  /** Read what rows need. @param {number} first @param {number} last */
  need(first, last) {
    let row = 0;
    for (const part of this.parts) {
      const end = row + part.count;
      if (row < last && end > first) this.read(part, Math.min(last, end) - row);
      if (row >= last) return;
      row = end;
    }
  }

  async read(part, wanted) {
    if (part.reading || part.cursor === null || part.records.length >= Math.min(wanted, part.count)) return;
    part.reading = true;
    try {
      const until = new Date(part.until.getTime() - 1).toISOString();
      const page = await get(`/v1/memories${query({ ...this.filters, since: part.since.toISOString(), until, limit: PAGE, cursor: part.cursor })}`);
      const begun = page.records.filter((record) => Date.parse(record.at) >= part.since.getTime()); // others only end in it
      part.records = [...part.records, ...begun];
      part.cursor = page.cursor;
      if (page.cursor === null) this.settle(part);
    } catch {
      part.cursor = null; // the rows stay empty; another look begins anew
    }
    part.reading = false;
    this.changed();
    this.read(part, wanted);
  }

  /** A segment that is read whole has as many rows as records. */
  settle(part) {
    this.count += part.records.length - part.count;
    part.count = part.records.length;
  }
}
