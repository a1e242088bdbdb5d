// OpenTelemetry's API keeps its state under well-known symbols, where any copy of the API finds it. So no dependency is needed.
const API: unique symbol = Symbol.for('opentelemetry.js.api.1');
const SPAN: unique symbol = Symbol.for('OpenTelemetry Context Key SPAN');

interface Span {
  spanContext(): { readonly traceId: string; readonly spanId: string };
}

interface OpenTelemetry {
  readonly context?: { active(): { getValue(key: symbol): unknown } };
}

/** The labels that name the active span of OpenTelemetry; no labels without a span. */
export function activeSpan(): { readonly traceId: string; readonly spanId: string } | Record<string, never> {
  const { context } = (globalThis as { [API]?: OpenTelemetry })[API] ?? {};
  const span = context?.active().getValue(SPAN) as Span | undefined;
  if (span === undefined) return {};
  const { traceId, spanId } = span.spanContext();
  return { traceId, spanId };
}
