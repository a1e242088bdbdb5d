import type { SharedStore } from './shared-store';

/** Twelve missed beats are needed before an owner in another pid namespace is taken for dead. */
const beatMs = 5000;

/** Beats for as long as the store is in use. The timer keeps neither the process nor the store alive. */
export function keepAlive(store: SharedStore): void {
  const reference = new WeakRef(store);
  const timer = setInterval(() => {
    const alive = reference.deref();
    if (alive === undefined) clearInterval(timer);
    else alive.beat();
  }, beatMs);
  timer.unref();
}
