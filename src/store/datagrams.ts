import { getSystemErrorName } from 'node:util';
import type { NativeDatagramSocket, NativeError } from '../native';
import { requireAddon } from './current';

/**
 * Opens a Unix socket of datagrams, which Node has none of. `onReadable` is called when there are some to take. It throws an Error with
 * code `ERR_ADDON` without the addon, and one with the code of the system where the path cannot be had.
 */
export function openDatagrams(path: string, mode: number, onReadable: () => void): NativeDatagramSocket {
  const { DatagramSocket } = requireAddon();
  try {
    return new DatagramSocket(path, mode, onReadable);
  } catch (error) {
    throw Object.assign(error as NativeError, { code: getSystemErrorName((error as NativeError).errno) });
  }
}
