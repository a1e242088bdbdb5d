import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { setRoute } from '../mark';

const started = 'tracing:h3.request:start';

interface H3Event {
  readonly runtime?: { readonly node?: { readonly res?: object } };
  readonly context?: { readonly matchedRoute?: { readonly route?: string } };
}

/** Learns the routes of h3 2 and nitro, if the application uses h3's `tracingPlugin()`. */
export function observeH3(): () => void {
  const start = (message: unknown): void => {
    const { event } = message as { event?: H3Event };
    const response = event?.runtime?.node?.res;
    if (event !== undefined && response) setRoute(response, () => event.context?.matchedRoute?.route);
  };
  subscribe(started, start);
  return () => unsubscribe(started, start);
}
