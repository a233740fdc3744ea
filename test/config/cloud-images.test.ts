import assert from 'node:assert/strict';
import { test } from 'node:test';
import { imagesOf, madeAtClouds, parseConfig } from '../../config/index.js';
import { issuesOf } from '../kit/config-text.js';

const URL = 'https://images.example.org/disk.raw.xz';
const PLACES = {
  here: { ec2: { region: 'eu-central-1', upload: ['upload'] } },
  there: { ec2: { region: 'eu-west-1', upload: ['upload'] } },
  site: { ec2: { region: 'eu-central-1', endpoint: 'https://site.example.org', upload: ['upload'] } },
  google: { gce: { project: 'some-project', bucket: 'my-images' } },
};
const ec2 = (image: unknown) => ({
  provider: 'ec2',
  ec2: { region: 'eu-central-1', image, port: 80 },
  lease: { stretch: 0 },
});
const gce = (image: unknown) => ({
  provider: 'gce',
  gce: { project: 'some-project', zone: 'us-central1-a', image },
});
const text = (resources: object, register: object = PLACES): string =>
  JSON.stringify({ images: { register }, resources });

const refused: [name: string, text: string, message: RegExp][] = [
  [
    'is registered somewhere',
    text({ web: ec2({ url: URL }) }),
    /web\.ec2\.image: .*is registered nowhere; expected register: here$/,
  ],
  [
    'has a place to be registered with',
    text({ web: gce({ url: URL }) }, {}),
    /web\.gce\.image: .*nowhere; expected register: a place of images\.register with gce/,
  ],
  [
    'is registered in the region of the machine',
    text({ web: ec2({ url: URL, register: 'there' }) }),
    /web\.ec2\.image\.register: what is registered with there is not where .*; expected here$/,
  ],
  [
    'is registered at the endpoint of the machine',
    text({ web: ec2({ url: URL, register: 'site' }) }),
    /web\.ec2\.image\.register: .*; expected here$/,
  ],
  [
    'is registered with the cloud of the machine',
    text({ web: gce({ url: URL, register: 'here' }) }),
    /web\.gce\.image\.register: .*; expected google$/,
  ],
  [
    'is a disk',
    text({ web: ec2({ url: URL, register: 'here', type: 'kernel' }) }),
    /web\.ec2\.image\.type: clouds import disks, and a kernel is none; expected raw or qcow2/,
  ],
  [
    'is what a place has, as everywhere',
    text({ web: ec2({ url: URL, register: 'nowhere' }) }),
    /web\.ec2\.image\.register: there is no place nowhere in images\.register/,
  ],
];

for (const [name, wrong, message] of refused) {
  test(`the image by URL of a machine at a cloud ${name}`, () => {
    const [issue = '', ...more] = issuesOf(wrong);
    assert.match(issue, message);
    assert.deepEqual(more, []);
  });
}

test('an image by URL is one raw disk for all machines that name it at a place; an id is none', () => {
  const source = { url: URL, register: 'here' };
  const { resources } = parseConfig(
    text({
      one: ec2(source),
      two: ec2({ ...source, type: 'raw' }),
      three: ec2('ami-1'),
      four: gce({ url: URL, register: 'google', type: 'qcow2' }),
      five: gce('family/debian-12'),
    }),
    'r.yaml',
  );
  const all = Object.values(resources).map((one) => imagesOf(one)[0]);
  assert.deepEqual(
    all.map((one) => one && [one.slot, one.source.type, one.as, one.cloud]),
    [
      ['image', 'raw', 'raw', 'ec2:here'],
      ['image', 'raw', 'raw', 'ec2:here'],
      undefined,
      ['image', 'qcow2', 'raw', 'gce:google'],
      undefined,
    ],
  );
  assert.deepEqual(madeAtClouds({ resources }, all[0]?.key ?? ''), ['one', 'two']);
});
