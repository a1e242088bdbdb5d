import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { chmodSync, lstatSync, unlinkSync } from 'node:fs';
import {
  type AddressInfo,
  connect,
  createServer,
  type ListenOptions,
  type Server,
  type Socket,
} from 'node:net';
import { StringDecoder } from 'node:string_decoder';
import { openDatagrams } from '../store/datagrams';

/** Receives the text of packets, each with whole lines. */
export interface PacketReader {
  packet(text: string): void;
  /** A connection was closed because it has sent a line without an end. */
  tooLongLine(): void;
  connected(): void;
}

/** An open socket. It keeps no process alive. */
export interface OpenSocket {
  readonly address: AddressInfo | string;
  close(): Promise<void>;
}

/** A line of a stream; statsd_exporter has the same limit. */
const longestLine = 4096;
/** A packet of DogStatsD's framing. */
const longestFrame = 65_536;
const noBytes = Buffer.alloc(0);
const mostConnections = 1024;
const receiveBufferBytes = 8 * 1024 * 1024;

/** Rejects with a system error. */
export async function openUdp(
  host: string,
  port: number,
  reader: PacketReader,
  failed: () => void,
): Promise<OpenSocket> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  socket.on('message', (packet) => reader.packet(packet.toString('utf8')));
  socket.unref(); // before bind(): Deno does not look at it later
  // Exclusive: the primary of a cluster would share the socket.
  socket.bind({ address: host, port, exclusive: true });
  await once(socket, 'listening');
  socket.on('error', failed);
  try {
    // The system gives as much as net.core.rmem_max allows.
    socket.setRecvBufferSize(receiveBufferBytes);
  } catch {
    // It keeps its usual size.
  }
  return {
    address: socket.address(),
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

/** Bytes of lines between two turns of the event loop. */
const bytesAtOnce = 64 * 1024;

/** Receives datagrams of a Unix socket, and how many there were. */
export interface DatagramReader {
  packet(text: string): void;
  counted(packets: number, drops: number): void;
}

/** A Unix socket of datagrams. Throws an Error with the code of the system, or `ERR_ADDON`. */
export function openUnix(path: string, mode: number, reader: DatagramReader): OpenSocket {
  let [packets, drops] = [0, 0];
  /** Whether there was any. */
  const readSome = (): boolean => {
    const text = socket.take(bytesAtOnce);
    const [allPackets, allDrops] = [socket.packets(), socket.drops()];
    reader.counted(allPackets - packets, allDrops - drops);
    [packets, drops] = [allPackets, allDrops];
    if (text !== '') reader.packet(text);
    return text !== '';
  };
  const read = (): void => {
    if (readSome()) setImmediate(read);
  };
  const socket = openDatagrams(path, mode, read);
  // process.exit() leaves the file otherwise.
  const closeAtExit = (): void => socket.close();
  process.once('exit', closeAtExit);
  return {
    address: path,
    // biome-ignore lint/suspicious/useAwait: the other sockets take time to close.
    close: async () => {
      process.off('exit', closeAtExit);
      while (readSome());
      socket.close();
    },
  };
}

/** A server of lines over TCP or a Unix socket. Rejects with a system error. */
export async function openStream(
  listen: ListenOptions & { readonly mode?: number },
  reader: PacketReader,
  failed: () => void,
): Promise<OpenSocket> {
  const { path, mode } = listen;
  if (path !== undefined) await removeDead(path);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.unref();
    socket.on('close', () => sockets.delete(socket));
    reader.connected();
    readLines(socket, reader, path !== undefined);
  });
  server.maxConnections = mostConnections;
  server.listen({ ...listen, exclusive: true });
  await once(server, 'listening');
  if (path !== undefined && mode !== undefined) chmodSync(path, mode);
  server.on('error', failed);
  server.unref();
  return { address: server.address() ?? '', close: () => closeServer(server, sockets) };
}

function closeServer(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    for (const socket of sockets) socket.destroy();
  });
}

/** A killed process leaves the file of its Unix socket. A file of another kind stays. */
async function removeDead(path: string): Promise<void> {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() !== true) return;
  const socket = connect(path);
  try {
    await once(socket, 'connect');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED') unlinkSync(path);
  } finally {
    socket.destroy();
  }
}

/** `mayFrame`: DogStatsD's clients write the length of each packet before it, in 4 bytes; others only lines. */
function readLines(socket: Socket, reader: PacketReader, mayFrame: boolean): void {
  const decoder = new StringDecoder('utf8');
  let start: Buffer | undefined = mayFrame ? noBytes : undefined;
  let frames: Buffer | undefined;
  let rest = '';
  const refuse = (): void => {
    reader.tooLongLine();
    socket.destroy();
  };
  const readText = (bytes: Buffer): void => {
    const text = rest + decoder.write(bytes);
    const end = text.lastIndexOf('\n') + 1;
    rest = text.slice(end);
    // Interactive clients end lines with both characters.
    if (end > 0) reader.packet(text.slice(0, end).replaceAll('\r\n', '\n'));
    if (rest.length > longestLine) refuse();
  };
  const readFrames = (bytes: Buffer): void => {
    let left = bytes;
    while (left.length >= 4) {
      const length = left.readUInt32LE(0);
      if (length > longestFrame) {
        refuse();
        return;
      }
      if (left.length < 4 + length) break;
      reader.packet(left.toString('utf8', 4, 4 + length));
      left = left.subarray(4 + length);
    }
    frames = left;
  };
  socket.on('data', (bytes: Buffer) => {
    const whole = Buffer.concat([frames ?? start ?? noBytes, bytes]);
    if (start !== undefined && whole.length < 4) {
      start = whole;
      return;
    }
    // No line has NUL bytes, and no frame is so long that its length has none here.
    const isFramed = frames !== undefined || (start !== undefined && whole[2] === 0 && whole[3] === 0);
    start = undefined;
    if (isFramed) readFrames(whole);
    else readText(whole);
  });
  socket.on('end', () => {
    const last = rest + (start?.toString('utf8') ?? '') + decoder.end();
    if (last !== '') reader.packet(last);
  });
  // A connection that was reset has no more lines.
  socket.on('error', () => undefined);
}
