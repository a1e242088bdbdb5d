/**
 * A copy of an object that prom-client keeps in private, for applications that look into it. A property that they delete is passed to
 * `remove`, and one that they set to `write`, which returns whether it took the value; any other write is refused.
 */
export function privateView<T extends object>(
  copy: T,
  remove: (key: string) => void,
  write: (key: string, value: unknown) => boolean = () => false,
): Readonly<T> {
  return new Proxy(copy, {
    deleteProperty: (target, key) => {
      if (typeof key === 'string' && Object.hasOwn(target, key)) remove(key);
      return Reflect.deleteProperty(target, key);
    },
    set: (target, key, value) =>
      typeof key === 'string' && write(key, value) && Reflect.set(target, key, value),
    defineProperty: () => false,
  });
}
