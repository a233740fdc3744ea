import type { EC2Client } from '@aws-sdk/client-ec2';
import type { SettingsOf } from '../../../config/index.js';
import { ReveilleError } from '../../../errors/index.js';

type Sdk = typeof import('@aws-sdk/client-ec2');
type Credentials = NonNullable<SettingsOf<'ec2'>['credentials']>;

export type Ec2AccountSettings = Pick<SettingsOf<'ec2'>, 'region' | 'endpoint' | 'profile' | 'credentials'>;

/** Every secret of them: for masks. */
export const secretsOfCredentials = (credentials: Credentials | undefined): string[] =>
  Object.values(credentials ?? {}).filter((value) => value !== undefined);

/** @param resolve a text with references, by its key. */
export function resolved(
  credentials: Credentials | undefined,
  resolve: (key: string, text: string) => string,
): Credentials | undefined {
  if (credentials === undefined) return undefined;
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  return {
    accessKeyId: resolve('accessKeyId', accessKeyId),
    secretAccessKey: resolve('secretAccessKey', secretAccessKey),
    ...(sessionToken === undefined ? {} : { sessionToken: resolve('sessionToken', sessionToken) }),
  };
}

/**
 * @param settings with their references resolved; what is absent, the SDK finds where it looks for it.
 * @throws ReveilleError CLOUD_INVALID where no region is known.
 */
export async function makeClient(sdk: Sdk, settings: Ec2AccountSettings): Promise<EC2Client> {
  const { region, endpoint, profile, credentials } = settings;
  const given = Object.entries({ region, endpoint, profile, credentials });
  const config = Object.fromEntries(given.filter(([, value]) => value !== undefined));
  // Whoever calls looks before it calls again: so nothing is sent twice behind its back.
  const client = new sdk.EC2Client({ ...config, maxAttempts: 1 });
  await client.config.region().catch((cause: unknown) => {
    throw new ReveilleError('CLOUD_INVALID', `no region is known: ${String(cause)}`, { cause });
  });
  return client;
}
