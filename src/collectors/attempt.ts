/** The result of `action`; undefined if it throws. */
export function attempt<R>(action: () => R): R | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}

/** The result of `action`; undefined where the runtime, such as Bun, has not implemented it. */
export function ifImplemented<R>(action: () => R): R | undefined {
  try {
    return action();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_NOT_IMPLEMENTED') return undefined;
    throw error;
  }
}
