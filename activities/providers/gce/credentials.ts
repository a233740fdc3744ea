import { resolve } from 'node:path';
import { ReveilleError } from '../../../errors/index.js';

export const COMPUTE = 'https://www.googleapis.com/auth/compute';
export const STORAGE = 'https://www.googleapis.com/auth/devstorage.read_write';

/**
 * Where tokens come from: a file, or what Google's libraries find (GOOGLE_APPLICATION_CREDENTIALS, gcloud's login, the
 * service account of the machine). The library is loaded when the first token is wanted.
 * @param scope what they are good for.
 * @param url of the API. A token goes over https alone.
 * @param file relative to `folder`.
 */
export function tokensFor(
  scope: string,
  url: string,
  file: string | undefined,
  folder: string,
): () => Promise<string | undefined> {
  if (new URL(url).protocol !== 'https:') return async () => undefined;
  const auth = import('google-auth-library').then(({ GoogleAuth }) => {
    const keyFilename = file === undefined ? {} : { keyFilename: resolve(folder, file) };
    const made = new GoogleAuth({ scopes: scope, ...keyFilename });
    // A service account's key signs for itself: no server has to be asked for a token first.
    made.useJWTAccessWithScope = true;
    return made;
  });
  // Told by whoever asks.
  auth.catch(() => {});
  return async () => {
    try {
      const headers = await (await auth).getRequestHeaders(url);
      return headers.get('authorization') ?? undefined;
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new ReveilleError('CLOUD_DENIED', `no credentials for Google's cloud: ${why}`, { cause });
    }
  };
}
