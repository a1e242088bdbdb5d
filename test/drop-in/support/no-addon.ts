// What `node --no-addons` does, for the one addon that these tests must not have.
const original = process.dlopen;
process.dlopen = (...args: Parameters<typeof process.dlopen>): void => {
  if (args[1].includes('prom_client_mmap')) {
    throw Object.assign(new Error('loading addons is disabled'), { code: 'ERR_DLOPEN_DISABLED' });
  }
  original.apply(process, args);
};

export {};
