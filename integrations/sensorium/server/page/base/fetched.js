/** A request as the state of a component. */
import { useEffect, useState } from "./html.js";

/**
 * @template T
 * @param {(signal: AbortSignal) => Promise<T>} ask
 * @param {unknown[]} inputs asked again when one of them changes
 * @returns {{value?: T, error?: Error, waiting: boolean}}
 */
export function useFetched(ask, inputs) {
  const [state, setState] = useState({ waiting: true });
  useEffect(() => {
    const cancel = new AbortController();
    setState((old) => ({ ...old, error: undefined, waiting: true }));
    ask(cancel.signal).then(
      (value) => cancel.signal.aborted || setState({ value, waiting: false }),
      (error) => cancel.signal.aborted || setState({ error, waiting: false }),
    );
    return () => cancel.abort();
  }, inputs);
  return state;
}
