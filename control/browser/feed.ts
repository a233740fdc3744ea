/** The list of resources as it is right now. */
import {
  EVENTS_PATH,
  type FeedChange,
  type FeedTrouble,
  type ResourceList,
  type ResourceSummary,
} from './contract.js';

/** How long to wait before asking again where the stream was refused: the browser asks again only where it broke. */
const AGAIN_MS = 3000;

export interface FeedListener {
  /** Lines that are new or have changed, and names that are gone. */
  changed(lines: readonly ResourceSummary[], gone: readonly string[]): void;
  trouble(trouble: FeedTrouble | undefined): void;
  linked(linked: boolean): void;
}

/** Every line by name, kept as the server tells it. `skewMs`: the server's clock less ours. */
export class Feed {
  readonly lines = new Map<string, ResourceSummary>();
  skewMs = 0;

  constructor(private readonly listener: FeedListener) {}

  start(): void {
    const source = new EventSource(EVENTS_PATH);
    const on = <T>(name: string, handle: (data: T) => void) =>
      source.addEventListener(name, (event: MessageEvent<string>) => handle(JSON.parse(event.data) as T));
    on<ResourceList>('list', ({ now, resources }) => {
      const names = new Set(resources.map(({ name }) => name));
      const gone = [...this.lines.keys()].filter((name) => !names.has(name));
      this.take({ now, changed: resources, gone });
    });
    on<FeedChange>('change', (change) => this.take(change));
    on<FeedTrouble>('trouble', (trouble) => this.listener.trouble(trouble));
    source.onopen = () => this.listener.linked(true);
    source.onerror = () => {
      this.listener.linked(false);
      if (source.readyState !== EventSource.CLOSED) return;
      setTimeout(() => this.start(), AGAIN_MS);
    };
  }

  private take({ now, changed, gone }: FeedChange): void {
    this.skewMs = now - Date.now();
    for (const name of gone) this.lines.delete(name);
    for (const line of changed) this.lines.set(line.name, line);
    this.listener.trouble(undefined);
    this.listener.changed(changed, gone);
  }
}
