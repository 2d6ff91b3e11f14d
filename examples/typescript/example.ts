/** Remember a note and a picture, find them by words and by the picture, correct and forget. */
import { readFile } from "node:fs/promises";
import { Sensorium, SensoriumError } from "./sensorium.ts";

const { SENSORIUM_URL = "http://127.0.0.1:8000", SENSORIUM_TOKEN = "" } = process.env;
const memory = new Sensorium(SENSORIUM_URL, SENSORIUM_TOKEN);

const path = "../../embedders/sensorium/samples/media/photo_sailboat.jpg";
const photo = new File([await readFile(path)], "boat.jpg", { type: "image/jpeg" });

const note = await memory.remember({ text: "The spare key hangs behind the blue door", tags: ["house"] });
const boat = await memory.remember({ text: "Rex and I at the harbour", tags: ["holiday"] }, [photo]);

const [byWords] = await memory.recall({ parts: [{ words: "where is the key?" }], limit: 1 });
console.log(`${byWords?.certainty}: ${byWords?.record.text}`);

const [byPicture] = await memory.recall({ parts: [{ file: 0 }], limit: 1 }, [photo]);
console.log(`${byPicture?.modality}: ${byPicture?.record.text}`);
console.log(`${(await memory.media(byPicture!.medium!)).size} bytes of its picture`);

console.log((await memory.correct(note, "The spare key hangs behind the green door")).text);
console.log(`${await memory.forget(note) + await memory.forget(boat)} forgotten`);
try {
  await memory.get(note);
} catch (error) {
  if (!(error instanceof SensoriumError)) throw error;
  console.log(`${error.name}: ${error.problem.remedy}`);
}
