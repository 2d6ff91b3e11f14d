/** The files of what was dropped, folders walked through. */

const readAll = (reader) => new Promise((done, failed) => {
  const found = [];
  const more = () => reader.readEntries((some) => (some.length ? (found.push(...some), more()) : done(found)), failed);
  more();
});

async function walk(entry) {
  if (entry.isFile) return [await new Promise((done, failed) => entry.file(done, failed))];
  const inside = await readAll(entry.createReader());
  return (await Promise.all(inside.map(walk))).flat();
}

/** @param {DataTransfer} transfer @returns {Promise<File[]>} hidden files left out */
export async function filesOf(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  const found = entries.length ? (await Promise.all(entries.map(walk))).flat() : [...transfer.files];
  return found.filter((file) => !file.name.startsWith("."));
}
