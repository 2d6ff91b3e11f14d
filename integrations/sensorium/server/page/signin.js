/** The door: a token, or the link that the server printed. */
import { html, useState } from "./base/html.js";
import { call } from "./base/api.js";
import { Trouble } from "./base/trouble.js";

const ENDED = "#/link-ended"; // where a link leads that signs in no more

/** @param {{entered: () => void}} props */
export function SignIn({ entered }) {
  const [token, setToken] = useState("");
  const [error, setError] = useState(null);
  const enter = async (event) => {
    event.preventDefault();
    try {
      await call("POST", "/v1/session", { json: { token: token.trim() } });
      entered();
    } catch (problem) {
      setError(problem);
    }
  };
  return html`<main class="signin"><form class="panel" onSubmit=${enter}>
    <h1>Sign in to Sensorium</h1>
    ${location.hash === ENDED && html`<p role="alert"><strong>This link was used before, or is older than ten minutes.</strong></p>`}
    <p>Open the link that <code>sensorium serve</code> printed, or paste a token.</p>
    <label class="field">Token
      <input type="password" name="token" autocomplete="current-password" required value=${token}
        onInput=${(event) => setToken(event.target.value)} />
    </label>
    <${Trouble} error=${error} />
    <p></p>
    <button class="first">Sign in</button>
    <p></p>
    <p class="soft small">No token? The owner of the server makes one: <code>sensorium token add --owner YOU --rights read,write</code></p>
  </form></main>`;
}
