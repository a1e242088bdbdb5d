/** Keeps the process alive until SIGINT or SIGTERM; resolves then. A second signal ends it at once. */
export function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    const timer = setInterval(() => undefined, 2 ** 30);
    const end = (): void => {
      clearInterval(timer);
      for (const signal of signals) process.removeListener(signal, end);
      resolve();
    };
    for (const signal of signals) process.once(signal, end);
  });
}

const signals = ['SIGINT', 'SIGTERM'] as const;
