import Module from 'node:module';
import { observeServers } from '../connections';
import { setRoute } from '../mark';
import { observeMounts, prefixesOf, type RoutedContext } from './koa-mounts';

type Context = RoutedContext & { readonly res: object };

type CreateContext = (this: { readonly context: object }, request: object, response: object) => Context;

interface Application {
  readonly prototype: { createContext: CreateContext & { [patchedKey]?: true } };
}

const patchedKey: unique symbol = Symbol.for('prom-client-mmap.koa');

/**
 * Learns the routes of @koa/router in all applications of Koa, which tell nothing to their responses: `createContext()` is wrapped.
 * Koa is looked for among the modules that have been loaded, at the first connection of each server.
 */
export function observeKoa(): () => void {
  return observeServers(patchLoaded);
}

function patchLoaded(): void {
  const { _cache: modules } = Module as unknown as { _cache: Record<string, NodeJS.Module | undefined> };
  for (const path of Object.keys(modules)) {
    if (/[\\/]koa[\\/]lib[\\/]application\.js$/.test(path)) patch(modules[path]?.exports);
  }
}

function patch(application: Partial<Application> | undefined): void {
  const { prototype } = application ?? {};
  const original = prototype?.createContext;
  if (prototype === undefined || typeof original !== 'function' || original[patchedKey]) return;
  const createContext: CreateContext = function (request, response) {
    observeMounts(this.context);
    const context = original.call(this, request, response);
    setRoute(response, () => routeOf(context));
    return context;
  };
  prototype.createContext = Object.assign(createContext, { [patchedKey]: true as const });
}

/** @koa/router names no route for a method that a path does not have, but the layers of that path. */
function routeOf(context: Context): string | undefined {
  const { _matchedRoute, matched = [] } = context;
  const route = _matchedRoute ?? matched.filter(({ methods }) => methods?.length).at(-1)?.path;
  if (route === undefined) return undefined;
  return prefixesOf(context) + (typeof route === 'string' ? route : route.source);
}
