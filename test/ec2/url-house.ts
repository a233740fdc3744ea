import assert from 'node:assert/strict';
import { bytes } from '../images/kit.js';
import { Ec2Site } from '../kit/ec2-site.js';
import { engine } from '../kit/engines.js';
import { House } from '../kit/house.js';
import { Mirror, sha256 } from '../kit/mirror.js';
import { instancePort } from '../kit/ports.js';

/** A page that names the instance, served where the instance is. */
const SERVE = `
id=$(/bin/busybox cat /proc/sys/kernel/random/uuid)
/bin/busybox mkdir -p "/tmp/www-$id"
trap '/bin/busybox rm -rf "/tmp/www-$id"; exit 0' TERM
echo "$id" > "/tmp/www-$id/index.html"
/bin/busybox httpd -f -p "$LISTEN:$PORT" -h "/tmp/www-$id" &
wait
`;
const UPLOAD = 'cp "$IMAGE_PATH" "$BUCKET/$IMAGE_KEY" && echo "s3://bucket/$IMAGE_KEY"';

export const openSite = (): Promise<Ec2Site> => Ec2Site.start([engine('busybox'), 'sh', '-c', SERVE]);

/** A house whose resources are made from one disk, which is fetched by URL. */
export class UrlHouse {
  private constructor(
    readonly house: House,
    readonly site: Ec2Site,
    readonly mirror: Mirror,
    /** SHA-256 of the disk. */
    readonly digest: string,
    private readonly before: { ids: readonly string[]; snapshots: number },
  ) {}

  static async live(
    site: Ec2Site,
    names: readonly string[],
    body: (one: UrlHouse) => Promise<void>,
  ): Promise<void> {
    const disk = bytes(1);
    const mirror = await Mirror.start({ disk });
    try {
      const resources = await resourcesOf(site, names, { ...mirror.source('disk'), register: 'cloud' });
      const env = { BUCKET: site.imports.bucket };
      const place = { ...site.settings, upload: ['/bin/sh', '-c', UPLOAD], env, interval: '50ms' };
      const images = { keepFree: '0B', register: { cloud: { ec2: place } } };
      const before = { ids: await idsOf(site), snapshots: site.imports.contents.size };
      await House.live({ resources, top: { site: 'by-url', images } }, (house) =>
        house.explained(() => body(new UrlHouse(house, site, mirror, sha256(disk), before))),
      );
    } finally {
      await mirror.close();
    }
  }

  /** Ids of what this house has registered. */
  async registered(): Promise<string[]> {
    return (await idsOf(this.site)).filter((id) => !this.before.ids.includes(id));
  }

  /** SHA-256 of what it has imported. */
  imported(): string[] {
    return [...this.site.imports.contents.values()].slice(this.before.snapshots);
  }

  madeFrom(id: string): Promise<string[]> {
    const filter = { 'Filter.1.Name': 'image-id', 'Filter.1.Value.1': id };
    return this.site.list({ Action: 'DescribeInstances', ...filter }, 'instanceId');
  }

  async read(name: string): Promise<string> {
    const response = await fetch(this.house.url(`/${name}/`));
    const text = await response.text();
    assert.equal(response.status, 200, text);
    return text.trim();
  }
}

const idsOf = (site: Ec2Site): Promise<string[]> =>
  site.list({ Action: 'DescribeImages', 'Owner.1': 'self' }, 'imageId');

async function resourcesOf({ settings }: Ec2Site, names: readonly string[], image: object) {
  const port = await instancePort();
  const more = { type: 't3.micro', userData: `PORT=${port}`, port, interval: '100ms', settle: '300ms' };
  const ec2 = { ...settings, image, ...more };
  const rest = { health: { path: '/' }, idle: { after: '10m' }, lease: { stretch: 0 } };
  return Object.fromEntries(
    names.map((name) => [
      name,
      { provider: 'ec2', ec2, ...rest, routes: [{ path: `/${name}`, strip: true }] },
    ]),
  );
}
