import { get } from 'node:http';

/** The text at a URL, by a connection of its own; rejected unless it is there within so many milliseconds. */
export function download(url, timeout = 60_000) {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent: false, signal: AbortSignal.timeout(timeout) }, (response) => {
      if (response.statusCode !== 200) return reject(new Error(`${url} answers with ${response.statusCode}`));
      let text = '';
      response.setEncoding('latin1');
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => resolve(text));
      response.on('error', reject);
    });
    request.on('error', reject);
  });
}
