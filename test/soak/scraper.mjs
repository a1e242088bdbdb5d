// A process that defines no metric and answers scrapes, before which it may ask all owners to remove a series. Its argument is JSON: the
// options of configure().
import library from '../../index.js';

const { configure, register } = library;
configure({ ...JSON.parse(process.argv[2]), selfMetrics: 'all' });
process.on('disconnect', () => process.exit());
process.on('warning', ({ name, message }) => {
  if (name === 'PromClientMmapWarning') process.send?.({ warning: message });
});
process.on('message', async ({ ask: id, remove = false, stop }) => {
  if (stop) return process.disconnect();
  try {
    if (remove) await askToRemove();
    const start = performance.now();
    const text = await register.metrics();
    process.send?.({ id, text, ms: performance.now() - start, rss: process.memoryUsage.rss() });
  } catch (error) {
    process.send?.({ id, error: `${error}` });
  }
});
process.send?.({ ready: true });

/** Fails where the request was deleted while it was written. */
async function askToRemove() {
  await register.removeFromGroup('session', { id: `${Math.random()}` }).catch(() => undefined);
}
