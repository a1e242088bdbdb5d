/**
 * A copy of an object that prom-client keeps in private, for applications that look into it. A property that they delete is passed to
 * `remove`; any other write is refused.
 */
export function privateView<T extends object>(copy: T, remove: (key: string) => void): Readonly<T> {
  return new Proxy(copy, {
    deleteProperty: (target, key) => {
      if (typeof key === 'string' && Object.hasOwn(target, key)) remove(key);
      return Reflect.deleteProperty(target, key);
    },
    set: () => false,
    defineProperty: () => false,
  });
}
