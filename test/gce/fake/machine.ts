import { createHash, randomInt } from 'node:crypto';
import type { Machine, NetworkInterface } from '../../../activities/providers/gce/resources.js';
import { Guest, Serial } from './guest.js';

/** Addresses of this host that no machine had before: each listens at one of its own. */
const given = new Set<string>();
function newAddress(): string {
  for (;;) {
    const address = `127.${randomInt(1, 255)}.${randomInt(0, 256)}.${randomInt(1, 255)}`;
    if (address === '127.0.0.1' || given.has(address)) continue;
    given.add(address);
    return address;
  }
}

export interface Inserted extends Partial<Machine> {
  name: string;
  disks?: { autoDelete?: boolean; initializeParams?: { sourceImage?: string } }[];
}

/** One instance of the fake, with what it was inserted with. */
export class FakeMachine {
  readonly id = String(randomInt(2 ** 47)) + String(randomInt(1000, 10_000));
  readonly internal = newAddress();
  readonly serial = new Serial();
  status = 'PROVISIONING';
  labels: Record<string, string>;
  external: string | undefined;
  /** The operation that is under way: others have to wait. */
  busyWith: string | undefined;
  private startedAt: string | undefined;
  private guest: Guest | undefined;
  private readonly created = new Date().toISOString();

  /** @param onEnd its guest has ended by itself. */
  constructor(
    readonly inserted: Inserted,
    readonly zone: string,
    private readonly onEnd: (machine: FakeMachine) => void,
  ) {
    this.labels = inserted.labels ?? {};
  }

  get fingerprint(): string {
    return createHash('sha256').update(JSON.stringify(this.labels)).digest('base64').slice(0, 12);
  }

  metadata(key: string): string | undefined {
    return this.inserted.metadata?.items?.find((item) => item.key === key)?.value;
  }

  /** Ephemeral addresses are others at each start. */
  powerOn(): void {
    const access = this.inserted.networkInterfaces?.[0]?.accessConfigs?.[0];
    this.external = access && (access.natIP ?? newAddress());
    const addresses = { external: this.external, internal: this.internal };
    const guest = new Guest(this.metadata('startup-script') ?? 'exec sleep 100000', addresses, (text) =>
      this.serial.say(text),
    );
    this.guest = guest;
    this.status = 'RUNNING';
    this.startedAt = new Date().toISOString();
    void guest.ended.then(() => {
      if (this.guest === guest && this.status === 'RUNNING') this.onEnd(this);
    });
  }

  /** @param to its status afterwards. @param until no sooner than this. */
  async powerOff(to: string, until: Promise<unknown> = Promise.resolve()): Promise<void> {
    this.status = 'STOPPING';
    await this.guest?.shutDown();
    await until;
    this.off(to);
  }

  off(to: string): void {
    this.guest = undefined;
    this.external = undefined;
    this.status = to;
  }

  suspend(): void {
    this.guest?.suspend();
    this.status = 'SUSPENDED';
  }

  resume(): void {
    this.guest?.resume();
    this.status = 'RUNNING';
  }

  /** As a crash of what runs in it. */
  kill(): void {
    this.guest?.kill();
  }

  /** @param place URL of its zone. */
  shown(place: string): Machine & Record<string, unknown> {
    const [first, ...others] = this.inserted.networkInterfaces ?? [];
    const access = first?.accessConfigs?.map((one) => ({
      ...one,
      ...(this.external === undefined ? {} : { natIP: this.external }),
    }));
    const interfaces: NetworkInterface[] = [
      { ...first, networkIP: this.internal, ...(access ? { accessConfigs: access } : {}) },
      ...others,
    ];
    return {
      ...this.inserted,
      kind: 'compute#instance',
      id: this.id,
      name: this.inserted.name,
      creationTimestamp: this.created,
      zone: place,
      selfLink: `${place}/instances/${this.inserted.name}`,
      status: this.status,
      ...(this.startedAt === undefined ? {} : { lastStartTimestamp: this.startedAt }),
      labels: this.labels,
      labelFingerprint: this.fingerprint,
      networkInterfaces: interfaces,
    };
  }
}
