/** Hooks for module.register, without which WebTorrent 2 is not to be imported in the process of child.ts. */
import type { ResolveHook } from 'node:module';

const moduleOf = (text: string): string => `data:text/javascript,${encodeURIComponent(text)}`;

/** WebRTC, for browsers as peers, is a native part that is not installed and not used; it is imported all the same. */
const WEBRTC = new Set(['webrtc-polyfill', 'node-datachannel']);
const names = ['RTCPeerConnection', 'RTCSessionDescription', 'RTCIceCandidate'];
const noWebrtc = moduleOf(
  `${names.map((name) => `export const ${name} = undefined;`).join('')}export default {};`,
);

/** WebTorrent 2.8 takes the hexadecimal of what is hexadecimal already, which uint8-util since 2.3 does not bear. */
const bearsText = (url: string): string =>
  moduleOf(`
    import * as all from ${JSON.stringify(url)};
    export * from ${JSON.stringify(url)};
    export const arr2hex = (data) => (typeof data === 'string' ? data : all.arr2hex(data));
  `);

export const resolve: ResolveHook = async (specifier, context, next) => {
  if (WEBRTC.has(specifier)) return { url: noWebrtc, shortCircuit: true };
  const found = await next(specifier, context);
  return specifier === 'uint8-util' ? { ...found, url: bearsText(found.url), format: 'module' } : found;
};
