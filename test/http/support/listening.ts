import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Whether a process listens on a port of 127.0.0.1, as the system knows it. */
export function listensOn(port: number, pid: number | undefined): boolean {
  const address = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const line = new RegExp(`^ *\\d+: ${address} \\S+ 0A .*? \\d+ +\\d+ +(\\d+) `, 'm');
  const [, inode] = line.exec(readFileSync('/proc/net/tcp', 'utf8')) ?? [];
  return readdirSync(`/proc/${pid}/fd`).some((fd) => linkOf(`/proc/${pid}/fd/${fd}`) === `socket:[${inode}]`);
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined; // closed meanwhile
  }
}
