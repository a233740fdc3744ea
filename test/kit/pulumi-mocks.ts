import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './scripts.js';

export interface Created {
  type: string;
  name: string;
  inputs: Record<string, unknown>;
}

/** The part of Pulumi's library that is used here; infra/ has the whole of it, the rest of Reveille none. */
interface Library {
  runtime: {
    setMocks(
      mocks: { newResource(of: Created): object; call(of: { inputs: object }): object },
      project: string,
      stack: string,
      preview: boolean,
    ): Promise<void>;
    disconnect(): Promise<void>;
  };
  output(value: unknown): { apply(use: (value: unknown) => void): unknown };
}

const library = (): Library => createRequire(join(root, 'infra/package.json'))('@pulumi/pulumi') as Library;

/** Encrypted values, as the engine would be given them. */
const SECRET = '4dabf18193072939515e22adb298388d';

/** What a program creates, without an engine: each resource with what was asked for, and what the program gives. */
export async function created<Outputs>(
  file: string,
  program: (module: { default: (...words: unknown[]) => unknown }, pulumi: Library) => unknown,
): Promise<{ resources: Created[]; outputs: Outputs }> {
  const pulumi = library();
  const resources: Created[] = [];
  const newResource = ({ type, name, inputs }: Created) => {
    resources.push({ type, name, inputs: plain(inputs) as Created['inputs'] });
    return { id: `${name}-id`, state: { ...inputs, address: '203.0.113.7', dnsName: `${name}.example.org` } };
  };
  await pulumi.runtime.setMocks({ newResource, call: ({ inputs }) => inputs }, 'reveille', 'test', false);
  const module = (await import(pathToFileURL(join(root, 'infra/dist', file)).href)) as {
    default: (...words: unknown[]) => unknown;
  };
  const given = await program(module, pulumi);
  const outputs = await new Promise((resolve) => pulumi.output(given).apply(resolve));
  await pulumi.runtime.disconnect();
  return { resources, outputs: outputs as Outputs };
}

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  if (SECRET in value) return { secret: (value as { value?: unknown }).value };
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plain(one)]));
}

/** The one resource of a type, which may be cut to its end. */
export function only(resources: readonly Created[], type: string): Created {
  const [found, ...others] = resources.filter((one) => one.type === type);
  if (found === undefined || others.length > 0)
    throw new Error(`not one ${type} among ${resources.map((one) => one.type)}`);
  return found;
}
