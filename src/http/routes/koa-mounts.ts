/** The properties of a context that koa-mount and @koa/router write. */
export interface RoutedContext {
  /** The path of the request; inside of a mount without its prefix. */
  readonly path: string;
  readonly _matchedRoute?: string | RegExp;
  readonly matched?: readonly Layer[];
}

export interface Layer {
  readonly path?: string | RegExp;
  readonly methods?: readonly string[];
}

interface Mount {
  /** That of the request inside of the mount. */
  readonly path: string;
  /** Those of this mount and of the mounts around it. */
  readonly prefixes: string;
}

const mountsKey: unique symbol = Symbol('mounts');
const routedKey: unique symbol = Symbol('where the last router was');

type Observed = RoutedContext & { [mountsKey]?: Mount[]; [routedKey]?: string };

/**
 * Learns the mounts around a router: koa-mount tells its prefix only while a request goes in. `prototype` is that of all contexts of an
 * application. The prefixes are texts of the application, never of a request.
 */
export function observeMounts(prototype: object): void {
  const noteRouter = (context: Observed): void => {
    context[routedKey] = prefixesAt(context);
  };
  observe(prototype, 'mountPath', (context, prefix) => {
    if (typeof prefix !== 'string') return;
    const path = context.path.replace(prefix, '') || '/';
    context[mountsKey] ??= [];
    context[mountsKey].push({ path, prefixes: prefixesAt(context) + prefix.replace(/\/$/, '') });
  });
  observe(prototype, 'matched', noteRouter);
  observe(prototype, '_matchedRoute', noteRouter);
}

/** The prefixes of the mounts around the router that was asked last. */
export function prefixesOf(context: RoutedContext): string {
  return (context as Observed)[routedKey] ?? '';
}

function prefixesAt(context: Observed): string {
  return context[mountsKey]?.filter(({ path }) => path === context.path).at(-1)?.prefixes ?? '';
}

/** Calls `changed` when a property of an object with this prototype is written. */
function observe(
  prototype: object,
  name: string,
  changed: (context: Observed, value: unknown) => void,
): void {
  if (Object.hasOwn(prototype, name)) return;
  const key = Symbol(name);
  type Holder = Observed & { [key]?: unknown };
  Object.defineProperty(prototype, name, {
    configurable: true,
    get(this: Holder) {
      return this[key];
    },
    set(this: Holder, value: unknown) {
      this[key] = value;
      changed(this, value);
    },
  });
}
