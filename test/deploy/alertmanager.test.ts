import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { parse } from 'yaml';
import { newDirectory } from '../multiprocess/support/directories';
import { freePort } from '../third-party/free-port';

const deploy = join(__dirname, '..', '..', 'deploy');
const file = join(deploy, 'alertmanager', 'alertmanager.yml');
const read = (path: string) => parse(readFileSync(path, 'utf8'));
const rules: { alert: string; labels: { severity: string } }[] = read(
  join(deploy, 'prometheus', 'rules', 'alerts.yml'),
).groups.flatMap((group: { rules: object[] }) => group.rules);

describe.skipIf(spawnSync('amtool', ['--version']).status !== 0)(
  'Alertmanager (Debian: apt-get install prometheus-alertmanager)',
  () => {
    test('accepts its configuration', () => {
      expect(amtool('check-config', file)).toContain('SUCCESS');
    });

    test('hands pages and tickets to their receivers', () => {
      const severities = new Set(rules.map(({ labels }) => labels.severity));
      expect(severities).toEqual(new Set(['page', 'ticket']));
      for (const severity of severities) {
        const labels = [`severity=${severity}`, 'alertname=Any', 'job=shop'];
        expect(amtool('config', 'routes', 'test', `--config.file=${file}`, ...labels).trim()).toBe(severity);
      }
    });

    test.each([
      ['HttpErrors', 'HttpErrorsSlowly'],
      ['HttpLatency', 'HttpLatencySlowly'],
      ['NoRoom', 'StorageNearlyFull'],
    ])('sends no %s and %s of one job, but of two', async (page, ticket) => {
      const alertmanager = await start();
      const alert = (alertname: string, job: string) => ({ labels: { alertname, job, instance: 'a' } });
      await alertmanager('alerts', [alert(page, 'shop'), alert(ticket, 'shop'), alert(ticket, 'mail')]);

      const muted = async (): Promise<string[]> => {
        const alerts: Alert[] = await alertmanager('alerts');
        return alerts
          .filter(({ status }) => status.inhibitedBy.length > 0)
          .map(({ labels }) => `${labels.alertname} of ${labels.job}`);
      };
      await expect.poll(muted).toEqual([`${ticket} of shop`]);
    });
  },
);

test('the alerts that mute others are those of the rules', () => {
  const named = readFileSync(file, 'utf8').match(/(?<=alertname=")\w+/g) ?? [];
  expect(named).toHaveLength(6);
  expect(rules.map(({ alert }) => alert)).toEqual(expect.arrayContaining(named));
});

test.each(['prometheus.yml', 'native-histograms.yml'])(
  '%s of Prometheus, which has alerts, sends them',
  (name) => {
    const { rule_files, alerting } = read(join(deploy, 'prometheus', name));
    expect(rule_files).toContain('rules/alerts.yml');
    expect(alerting.alertmanagers).toHaveLength(1);
  },
);

interface Alert {
  readonly labels: { readonly alertname: string; readonly job: string };
  readonly status: { readonly inhibitedBy: readonly string[] };
}

function amtool(...args: readonly string[]): string {
  const { stdout, stderr, status } = spawnSync('amtool', args, { encoding: 'utf8' });
  expect(status, stderr).toBe(0);
  return stdout;
}

/** Starts Alertmanager with the file. The result asks its API, or posts to it. */
async function start(): Promise<(path: string, body?: unknown) => Promise<Alert[]>> {
  const address = `127.0.0.1:${await freePort()}`;
  const child = spawn(
    'prometheus-alertmanager',
    [
      `--config.file=${file}`,
      `--storage.path=${newDirectory()}`,
      `--web.listen-address=${address}`,
      '--cluster.listen-address=',
      '--log.level=error',
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const closed = once(child, 'close');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await closed;
  });
  await vi.waitFor(async () => expect((await fetch(`http://${address}/-/ready`)).ok).toBe(true), {
    timeout: 60_000,
    interval: 50,
  });
  return async (path, body) => {
    const post = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    };
    const answer = await fetch(`http://${address}/api/v2/${path}`, body === undefined ? {} : post);
    const text = await answer.text();
    expect(answer.ok, text).toBe(true);
    return text === '' ? [] : JSON.parse(text);
  };
}
