import { closeSync, readSync } from 'node:fs';
import { Socket } from 'node:net';

/** Bun's sockets are silent on a FIFO, and its streams would keep the process alive. */
const hasSockets = process.versions['bun'] === undefined;

/** A scrape by the metrics server waits for 20 ms. */
const intervalMs = 10;
const chunkBytes = 4096;

/**
 * Calls `take` with each text that is written to a FIFO; `fd` is its reading end. Does not keep the process alive. Returns a function that
 * closes it.
 */
export function readFifo(fd: number, take: (text: string) => void): () => void {
  return hasSockets ? readBySocket(fd, take) : readByTimer(fd, take);
}

function readBySocket(fd: number, take: (text: string) => void): () => void {
  const socket = new Socket({ fd, readable: true, writable: false });
  socket.setEncoding('utf8');
  socket.on('data', take);
  socket.on('error', () => socket.destroy()); // no request arrives any more: scrapes read this owner as it is
  socket.unref();
  return () => socket.destroy();
}

function readByTimer(fd: number, take: (text: string) => void): () => void {
  const chunk = Buffer.allocUnsafe(chunkBytes);
  let isOpen = true;
  const close = (): void => {
    if (isOpen) closeSync(fd);
    isOpen = false;
    clearInterval(timer);
  };
  const timer = setInterval(() => {
    let length = 0;
    try {
      length = readSync(fd, chunk);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') close();
    }
    if (length > 0) take(chunk.toString('utf8', 0, length));
  }, intervalMs);
  timer.unref();
  return close;
}
