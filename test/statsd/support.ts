import { createSocket } from 'node:dgram';
import { once } from 'node:events';

/** Sends datagrams from one socket, each when the one before has left. */
export async function sendUdp(port: number, packets: readonly string[]): Promise<void> {
  const socket = createSocket('udp4');
  for (const packet of packets) {
    await new Promise<void>((resolve, reject) =>
      socket.send(packet, port, '127.0.0.1', (error) => (error ? reject(error) : resolve())),
    );
  }
  socket.close();
  await once(socket, 'close');
}
