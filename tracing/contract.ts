/**
 * Traces as Reveille's parts make them: spans that name their parent. Nothing here needs OpenTelemetry, which is loaded
 * where the configuration asks for traces only.
 */

export type Attributes = Readonly<Record<string, string | number | boolean>>;
/** server: somebody's request; client: ours to an instance; internal: between the two. */
export type SpanKind = 'server' | 'client' | 'internal';

export interface TraceSpan {
  /** How others continue it: the value of a `traceparent` field (W3C Trace Context). */
  readonly traceparent: string;
  /** Begins a span within this one. */
  child(name: string, kind: SpanKind, attributes?: Attributes): TraceSpan;
  set(attributes: Attributes): void;
  /** @param error why it failed, where it did. Once. */
  end(error?: string): void;
}

export interface Tracing {
  /** Begins a span. @param parent a traceparent; without a valid one a new trace begins. */
  begin(name: string, kind: SpanKind, parent: string | undefined, attributes?: Attributes): TraceSpan;
  /** Sends what is left, within a bound. Never rejects. */
  close(): Promise<void>;
}
