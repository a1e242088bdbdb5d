// OpenTelemetry's API keeps its state under well-known symbols, where any copy of the API finds it. So no dependency is needed.
const API: unique symbol = Symbol.for('opentelemetry.js.api.1');
const SPAN: unique symbol = Symbol.for('OpenTelemetry Context Key SPAN');

interface Span {
  spanContext(): { readonly traceId: string; readonly spanId: string; readonly traceFlags: number };
}

interface Context {
  getValue(key: symbol): unknown;
}

interface GlobalApi {
  readonly context?: { active(): Context };
  readonly diag?: { warn(message: string): void; error(message: string, cause?: unknown): void };
}

function globalApi(): GlobalApi {
  return (globalThis as { [API]?: GlobalApi })[API] ?? {};
}

/** Tells the application by the logger that it gave to `diag.setLogger()`. Without one nothing is written, as by the SDK. */
export function diagnose(message: string): void {
  globalApi().diag?.warn(`prom-client-mmap: ${message}`);
}

export function diagnoseError(message: string, cause: unknown): void {
  globalApi().diag?.error(`prom-client-mmap: ${message}`, cause);
}

/** The exemplar labels of the sampled span of `context`, by default the active one. Undefined without such a span. */
export function sampledSpan(context: unknown): { trace_id: string; span_id: string } | undefined {
  const from = (context as Context | undefined) ?? globalApi().context?.active();
  const span = from?.getValue(SPAN) as Span | undefined;
  if (span === undefined) return undefined;
  const { traceId, spanId, traceFlags } = span.spanContext();
  return traceFlags & 1 ? { trace_id: traceId, span_id: spanId } : undefined;
}
