/** Images out of what is around them, as their type says. No Temporal here, and no cache. */
export { COMPRESSIONS, type Compression } from './compression.js';
export { convert, type DiskFormat } from './convert.js';
export { DEFAULT_UNPACK_LIMITS, type UnpackLimits } from './limits.js';
export { type Unpacked, type UnpackOptions, unpack } from './unpack.js';
export { unpackImage } from './unpack-image.js';
