/** `pulumi up` in this folder deploys Reveille: settings by `pulumi config set`, as Pulumi.yaml lists them. */
import { readFileSync } from 'node:fs';
import { Config } from '@pulumi/pulumi';
import { deploy } from './aws.js';

const config = new Config();
const read = (key: string) => readFileSync(config.require(key), 'utf8');
const policy = config.get('workerPolicy');

const { url } = deploy({
  region: config.require('region'),
  vpc: config.require('vpc'),
  subnets: config.requireObject<string[]>('subnets'),
  image: config.require('image'),
  certificate: config.require('certificate'),
  allow: config.getObject<string[]>('allow') ?? [],
  configuration: read('configuration'),
  environment: config.require('environment'),
  workerPolicy: policy === undefined ? undefined : readFileSync(policy, 'utf8'),
  proxies: config.getNumber('proxies') ?? 2,
  workers: config.getNumber('workers') ?? 2,
  type: config.get('type') ?? 't3.small',
});

/** Where clients come in: a name of your own points there. */
export { url };
