import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PodMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PodMonitor';
import { Deployment } from 'kubernetes-models/apps/v1/Deployment';
import { Service } from 'kubernetes-models/v1/Service';
import { describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';

const folder = join(__dirname, '..', '..', 'deploy', 'kubernetes');
const read = (file: string) => parse(readFileSync(join(folder, file), 'utf8'));

const deployment = read('base/deployment.yaml');
const service = read('base/service.yaml');
const podMonitor = read('podmonitor/podmonitor.yaml');
const pod = deployment.spec.template;
const [container, ...sidecars] = pod.spec.containers;
const ports = new Map(
  container.ports.map((port: { name: string; containerPort: number }) => [port.name, port.containerPort]),
);
const variables = new Map(
  container.env.map((variable: { name: string; value: unknown }) => [variable.name, variable.value]),
);

describe('the manifests of deploy/kubernetes', () => {
  test.each([
    ['a Deployment', () => new Deployment(deployment)],
    ['a Service', () => new Service(service)],
    ['a PodMonitor of the operator', () => new PodMonitor(podMonitor)],
  ])('are valid: %s', (_, make) => {
    const made = make();
    expect(made.toJSON()).toEqual(expect.objectContaining({ kind: made.kind, apiVersion: made.apiVersion }));
    made.validate();
  });

  test('would not be valid with a field of the wrong type', () => {
    const wrong = { ...deployment, spec: { ...deployment.spec, replicas: 'two' } };
    expect(() => new Deployment(wrong).validate()).toThrow('replicas');
    const endpoints = [{ ...podMonitor.spec.podMetricsEndpoints[0], port: 9464 }];
    const monitor = { ...podMonitor, spec: { ...podMonitor.spec, podMetricsEndpoints: endpoints } };
    expect(() => new PodMonitor(monitor).validate()).toThrow('port');
  });

  test.each(['base', 'podmonitor'])('of the kustomization %s are there', (name) => {
    const { kind, resources } = read(`${name}/kustomization.yaml`);
    expect(kind).toBe('Kustomization');
    expect(resources).not.toEqual([]);
    expect(resources.filter((file: string) => !existsSync(join(folder, name, file)))).toEqual([]);
  });

  test('agree on labels, names and ports, and on where the metrics are', () => {
    const labels = pod.metadata.labels;
    expect(deployment.spec.selector.matchLabels).toEqual(labels);
    expect(service.spec.selector).toEqual(labels);
    expect(podMonitor.spec.selector.matchLabels).toEqual(labels);

    expect(variables.get('PORT')).toBe(`${ports.get('http')}`);
    expect(variables.get('PROM_CLIENT_MMAP_PORT')).toBe(`${ports.get('metrics')}`);
    expect(pod.metadata.annotations).toEqual({
      'prometheus.io/scrape': 'true',
      'prometheus.io/port': `${ports.get('metrics')}`,
      'prometheus.io/path': '/metrics',
    });
    const [endpoint] = podMonitor.spec.podMetricsEndpoints;
    expect([...ports.keys()]).toContain(endpoint.port);
    for (const { targetPort } of service.spec.ports) expect([...ports.keys()]).toContain(targetPort);
  });

  test('are of one container without rights, which can write to the memory of its group only', () => {
    expect(sidecars).toEqual([]);
    expect(pod.spec.securityContext.runAsNonRoot).toBe(true);
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(container.volumeMounts).toEqual([{ name: 'shm', mountPath: '/dev/shm' }]);
    expect(pod.spec.volumes).toEqual([{ name: 'shm', emptyDir: { medium: 'Memory', sizeLimit: '64Mi' } }]);
  });

  test('give a pod that is to end one more scrape, and time for requests after it', () => {
    const [sleep, seconds] = container.lifecycle.preStop.exec.command;
    const secondsOf = (interval: string): number => Number(/^(\d+)s$/.exec(interval)?.[1]);
    const { global } = parse(readFileSync(join(folder, '..', 'prometheus', 'prometheus.yml'), 'utf8'));
    const [{ interval }] = podMonitor.spec.podMetricsEndpoints;

    expect(sleep).toBe('sleep');
    for (const one of [interval, global.scrape_interval]) {
      expect(Number(seconds)).toBeGreaterThan(secondsOf(one));
    }
    expect(pod.spec.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(Number(seconds) + 30);
  });

  test('with the PodMonitor have no annotations, so that no pod is scraped twice', () => {
    const { patches } = read('podmonitor/kustomization.yaml');
    expect(patches).toHaveLength(1);
    const [{ op, path }] = parse(patches[0].patch);
    expect(op).toBe('remove');
    const at = path.slice(1).split('/');
    const removed = at.reduce((value: Record<string, never>, key: string) => value[key], deployment);
    expect(removed).toBe(pod.metadata.annotations);
  });
});

const kubectl = minorVersionOfKubectl();

describe.skipIf(kubectl === undefined)('kubectl (Debian: kubernetes-client)', () => {
  test('makes of the base what its files say, with the name of the image', () => {
    const [made, ...others] = kustomized('base');
    expect(others).toEqual([
      {
        ...deployment,
        spec: { ...deployment.spec, template: withImage(pod, 'registry.example.com/shop:1') },
      },
    ]);
    expect(made).toEqual(service);
  });

  // Those before have the patches of kustomize 2.
  test.skipIf((kubectl ?? 0) < 21)(
    '1.21 and newer makes of the PodMonitor a pod without annotations, so that no pod is scraped twice',
    () => {
      const { annotations, ...metadata } = pod.metadata;
      const template = withImage({ ...pod, metadata }, 'registry.example.com/shop:1');
      expect(annotations).toBeDefined();
      expect(kustomized('podmonitor')).toEqual([
        service,
        { ...deployment, spec: { ...deployment.spec, template } },
        podMonitor,
      ]);
    },
  );
});

/** The objects that kubectl would apply. */
function kustomized(name: string): unknown[] {
  const { stdout, stderr, status } = spawnSync('kubectl', ['kustomize', join(folder, name)], {
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  return parseAllDocuments(stdout).map((document) => document.toJS());
}

function withImage(template: typeof pod, image: string): object {
  return { ...template, spec: { ...template.spec, containers: [{ ...container, image }] } };
}

function minorVersionOfKubectl(): number | undefined {
  const { stdout, status } = spawnSync('kubectl', ['version', '--client', '--output', 'json'], {
    encoding: 'utf8',
  });
  return status === 0 ? Number.parseInt(JSON.parse(stdout).clientVersion.minor, 10) : undefined;
}
