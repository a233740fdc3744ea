import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type PulumiSettings, parseConfig } from '../../config/index.js';
import { issuesOf } from '../kit/config-text.js';

const text = (pulumi: string, rest = '') =>
  `resources:\n  vm:\n    provider: pulumi\n    pulumi: ${pulumi}\n    ${rest}\n`;

function settingsOf(pulumi: string, rest?: string): PulumiSettings | undefined {
  return parseConfig(text(pulumi, rest), 'r.yaml').resources.vm?.pulumi;
}

const fault = (pulumi: string, rest?: string): string => issuesOf(text(pulumi, rest)).join('\n') || 'none';

test('a template of ours is named, and its arguments are checked and given their defaults', () => {
  const settings = settingsOf('{ template: aws-vm, args: { region: eu-central-1, image: ami-1 } }');
  assert.deepEqual(
    { ...settings?.args },
    {
      region: 'eu-central-1',
      image: 'ami-1',
      type: 't3.micro',
      allow: [],
      allowSsh: [],
      securityGroups: [],
      elasticIp: false,
      address: 'private',
      disk: {},
      port: 80,
    },
  );
});

test('what is wrong with an argument is told with its key and what would be right', () => {
  const args = (more: string) => `{ template: aws-vm, args: { region: r, image: i, ${more} } }`;
  assert.match(fault(args('allow: ["10.0.0.1"]')), /vm\.pulumi\.args\.allow\[0\].*10\.0\.0\.0\/8/);
  assert.match(fault(args('elasticip: true')), /elasticIp/);
  assert.match(fault('{ template: aws-vm, args: { image: i } }'), /vm\.pulumi\.args\.region: is missing/);
  assert.match(fault('{ template: aws }'), /aws-vm/);
});

test('a module of the user is named by its path, with any arguments', () => {
  const settings = settingsOf(
    '{ template: ./vm.mjs, args: { a: [1, { b: true }] } }',
    'lease: { stretch: 0 }',
  );
  assert.deepEqual(settings?.args, { a: [1, { b: true }] });
});

test('an address that the cloud may give to others goes with no stretch of leases', () => {
  const aws = (more: string) => `{ template: aws-vm, args: { region: r, image: i${more} } }`;
  assert.equal(fault(aws('')), 'none', 'a private address stays');
  assert.match(fault(aws(', address: public')), /lease\.stretch/);
  assert.equal(fault(aws(', address: public'), 'lease: { stretch: 0 }'), 'none');
  assert.equal(fault(aws(', elasticIp: true')), 'none');
  assert.match(fault('{ template: ./vm.mjs }'), /lease\.stretch/);
  assert.equal(fault('{ template: ./vm.mjs, keepsAddress: true }'), 'none');
});

test('the members of a pool share no folder of the local template', () => {
  const rest = 'pool: { max: 2 }\n    routes: [{ path: /a }]';
  assert.match(fault('{ template: local, args: { folder: made } }', rest), /cannot share a folder/);
  assert.equal(fault('{ template: local }', rest), 'none');
});
