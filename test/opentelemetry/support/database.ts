import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';

/** Debian has a folder for each version there. */
const debian = '/usr/lib/postgresql';

/** A server of PostgreSQL with an empty database, at a Unix socket. */
export interface Database {
  /** By which clients find it. */
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** Undefined where Debian's PostgreSQL is not installed. Root starts it as the user `postgres`, because it refuses to run as root. */
export async function startDatabase(): Promise<Database | undefined> {
  const versions = existsSync(debian) ? readdirSync(debian) : [];
  const programs = versions
    .map((version) => join(debian, version, 'bin'))
    .find((path) => existsSync(join(path, 'initdb')));
  if (programs === undefined) return undefined;
  const directory = mkdtempSync(join(tmpdir(), 'prom-client-mmap-pg-'));
  const user = process.getuid?.() === 0 ? postgresUser() : undefined;
  if (user !== undefined) chownSync(directory, user.uid, user.gid);
  const data = join(directory, 'data');
  const initialize = ['-D', data, '-U', 'postgres', '-A', 'trust', '-N'];
  execFileSync(join(programs, 'initdb'), initialize, { ...user, stdio: 'ignore', cwd: directory });
  const options = ['-D', data, '-k', directory, '-c', 'listen_addresses=', '-c', 'fsync=off'];
  const server = spawn(join(programs, 'postgres'), options, { ...user, stdio: 'ignore', cwd: directory });
  await vi.waitFor(() => {
    if (!existsSync(join(directory, '.s.PGSQL.5432'))) throw new Error('the server has no socket yet');
  }, 20_000);
  return {
    env: { PGHOST: directory, PGUSER: 'postgres', PGDATABASE: 'postgres' },
    async stop() {
      const ended = once(server, 'exit');
      server.kill('SIGINT'); // ends connections, too
      await ended;
      rmSync(directory, { recursive: true });
    },
  };
}

function postgresUser(): { uid: number; gid: number } {
  const idOf = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: idOf('-u'), gid: idOf('-g') };
}
