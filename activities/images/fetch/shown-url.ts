/** A URL for messages: without user, password, query and fragment, where secrets and signatures stand. */
export function shownUrl(url: URL): string {
  if (url.protocol === 'magnet:') return `magnet:?xt=${url.searchParams.get('xt') ?? ''}`;
  return `${url.protocol}//${url.host}${url.pathname}`;
}
