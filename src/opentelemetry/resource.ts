import { version } from '../native/search';
import type { Attributes } from './api';

export interface Resource {
  readonly attributes: Attributes;
}

/**
 * The attributes of the target: those of `resource`, else those of the environment, as the specification says. One group is one
 * target, so attributes that differ from process to process are left out, unless the environment names them for all.
 */
export function targetAttributes(resource: Resource | undefined, env: NodeJS.ProcessEnv): Attributes {
  if (resource !== undefined) return shared(resource.attributes);
  const { OTEL_RESOURCE_ATTRIBUTES = '', OTEL_SERVICE_NAME } = env;
  const named = OTEL_SERVICE_NAME ? { 'service.name': OTEL_SERVICE_NAME } : {};
  return {
    'service.name': 'unknown_service:node',
    'telemetry.sdk.language': 'nodejs',
    'telemetry.sdk.name': 'prom-client-mmap',
    'telemetry.sdk.version': version,
    ...listed(OTEL_RESOURCE_ATTRIBUTES),
    ...named,
  };
}

function shared(attributes: Attributes): Attributes {
  const ofOneProcess = /^process\.|^service\.instance\.id$/;
  // Values may be Promises, which detectors of the SDK have not resolved yet.
  const isReady = (value: unknown): boolean =>
    typeof (value as { then?: unknown } | null)?.then !== 'function';
  return Object.fromEntries(
    Object.entries(attributes).filter(([key, value]) => !ofOneProcess.test(key) && isReady(value)),
  );
}

/** `key=value,key=value`, with percent-encoded values. An entry that cannot be read is left out. */
function listed(text: string): Attributes {
  const attributes: Record<string, string> = {};
  for (const entry of text.split(',')) {
    const at = entry.indexOf('=');
    const key = entry.slice(0, Math.max(at, 0)).trim();
    if (key === '') continue;
    try {
      attributes[decodeURIComponent(key)] = decodeURIComponent(
        entry
          .slice(at + 1)
          .trim()
          .replace(/^"|"$/g, ''),
      );
    } catch {
      // No percent-encoding.
    }
  }
  return attributes;
}
