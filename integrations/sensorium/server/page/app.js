/** The frame: where one can go, and what is shown. */
import { html, useEffect, useRef, useState } from "./base/html.js";
import { call, signedOut } from "./base/api.js";
import { Icon } from "./base/icon.js";
import { useRoute } from "./base/route.js";
import { Saying } from "./base/saying.js";
import { ThemeSwitch } from "./base/theme.js";
import { emptyQuestion } from "./ask/question.js";
import { connect, disconnect } from "./base/live.js";
import { NewMemories } from "./add/newmemories.js";
import { Add } from "./add/add.js";
import { Ask } from "./ask/ask.js";
import { MapView } from "./map/map.js";
import { RecordView } from "./record/record.js";
import { Sort } from "./sort/sort.js";
import { Timeline } from "./timeline/timeline.js";

const VIEWS = [
  ["ask", "Ask", "search", Ask],
  ["timeline", "Timeline", "time", Timeline],
  ["map", "Map", "map", MapView],
  ["sort", "Sort", "sort", Sort],
  ["add", "Add", "add", Add],
];
const OTHERS = { record: RecordView };

/** @param {{session: {owner: string, rights: string[], version: string}}} props */
export function App({ session }) {
  const route = useRoute();
  const [question, setQuestion] = useState(emptyQuestion);
  const main = useRef(null);
  const shown = useRef(route.view);
  useEffect(() => {
    if (shown.current === route.view) return;
    shown.current = route.view;
    scrollTo(0, 0);
    main.current.focus({ preventScroll: true });
  }, [route.view]);
  useEffect(() => { connect(); return disconnect; }, [session.owner]);
  const leave = async () => {
    await call("DELETE", "/v1/session").catch(() => null);
    signedOut.dispatchEvent(new Event("out"));
  };
  const View = VIEWS.find(([name]) => name === route.view)?.[3] ?? OTHERS[route.view] ?? Ask;
  return html`
    <a class="skip" href="#main" onClick=${(event) => { event.preventDefault(); main.current.focus(); }}>To the content</a>
    <header class="bar">
      <a class="name" href="#/ask"><img src="icon.svg" alt="" /><span>Sensorium</span></a>
      <nav aria-label="Views">
        ${VIEWS.map(([name, word, icon]) => html`<a href="#/${name}" aria-current=${route.view === name ? "page" : undefined}><${Icon} name=${icon} />${word}</a>`)}
      </nav>
      <div class="row rest">
        <span class="soft small owner" title="The owner of this memory"><bdi>${session.owner}</bdi></span>
        <${ThemeSwitch} />
        <button type="button" class="plain square" aria-label="Sign out" title="Sign out" onClick=${leave}><${Icon} name="leave" /></button>
      </div>
    </header>
    <main id="main" tabindex="-1" ref=${main}>
      <${NewMemories} />
      <${View} key=${route.view + route.id} route=${route} session=${session} question=${question} setQuestion=${setQuestion} />
    </main>
    <${Saying} />`;
}
