import {
  context,
  DiagLogLevel,
  diag,
  type Span,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { type Config, type Logger, resolveReferences } from '../config/index.js';
import type { Attributes, SpanKind, TraceSpan, Tracing } from './contract.js';

/** At the end of a process: for spans that were not sent yet. */
const CLOSE_MS = 2000;
/** OpenTelemetry's SpanKind, which is part of its API. */
const KINDS = { internal: 0, server: 1, client: 2 } as const satisfies Record<SpanKind, number>;
const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
const NOTHING = /^0+$/;

/**
 * Starts traces where the configuration asks for them; OpenTelemetry is loaded by then only. What its collector does
 * not take is logged and lost, and nobody waits for it.
 * @param part of Reveille, as `service.name` reveille-PART.
 * @throws ReveilleError REFERENCE_UNRESOLVED of a header.
 */
export async function startTracing(
  { tracing, folder }: Pick<Config, 'tracing' | 'folder'>,
  part: 'proxy' | 'worker',
  log: Logger,
): Promise<Tracing | undefined> {
  if (tracing === undefined) return undefined;
  const headers = Object.entries(tracing.headers).map(([name, value]) => {
    const key = `tracing.headers.${name}`;
    return [name, resolveReferences(value, { env: process.env, folder, key }).value];
  });
  const [sdk, { OTLPTraceExporter }, { defaultResource, resourceFromAttributes }] = await Promise.all([
    import('@opentelemetry/sdk-trace-node'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
  ]);
  const warn = (message: string) => log.warn({ tracing: tracing.endpoint, message }, 'traces are lost');
  const quiet = () => {};
  const logger = { error: warn, warn, info: quiet, debug: quiet, verbose: quiet };
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  const exporter = new OTLPTraceExporter({ url: tracing.endpoint, headers: Object.fromEntries(headers) });
  const provider = new sdk.NodeTracerProvider({
    resource: defaultResource().merge(resourceFromAttributes({ 'service.name': `reveille-${part}` })),
    sampler: new sdk.ParentBasedSampler({ root: new sdk.TraceIdRatioBasedSampler(tracing.sample) }),
    spanProcessors: [new sdk.BatchSpanProcessor(exporter, { maxQueueSize: tracing.queue })],
  });
  const tracer = provider.getTracer('reveille');
  return {
    begin: (name, kind, parent, attributes) => {
      const parentContext = contextOf(parent);
      return new OtelSpan(tracer, tracer.startSpan(name, spanOptions(kind, attributes), parentContext));
    },
    close: async () => {
      const late = new Promise<void>((resolve) => setTimeout(resolve, CLOSE_MS).unref());
      await Promise.race([provider.shutdown().catch(() => {}), late]);
    },
  };
}

class OtelSpan implements TraceSpan {
  constructor(
    private readonly tracer: Tracer,
    private readonly span: Span,
  ) {}

  get traceparent(): string {
    const { traceId, spanId, traceFlags } = this.span.spanContext();
    return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
  }

  child(name: string, kind: SpanKind, attributes?: Attributes): TraceSpan {
    const within = trace.setSpan(context.active(), this.span);
    return new OtelSpan(this.tracer, this.tracer.startSpan(name, spanOptions(kind, attributes), within));
  }

  set(attributes: Attributes): void {
    this.span.setAttributes({ ...attributes });
  }

  end(error?: string): void {
    if (error !== undefined) this.span.setStatus({ code: SpanStatusCode.ERROR, message: error });
    this.span.end();
  }
}

const spanOptions = (kind: SpanKind, attributes: Attributes = {}) => ({
  kind: KINDS[kind],
  attributes: { ...attributes },
});

/** What is no traceparent begins a new trace: it may come from anywhere. */
function contextOf(parent: string | undefined) {
  const none = context.active();
  const [, traceId = '', spanId = '', flags = ''] = TRACEPARENT.exec(parent ?? '') ?? [];
  if (traceId === '' || NOTHING.test(traceId) || NOTHING.test(spanId)) return none;
  const traceFlags = Number.parseInt(flags, 16) & 1;
  return trace.setSpanContext(none, { traceId, spanId, traceFlags, isRemote: true });
}
