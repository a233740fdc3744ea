import type { ImageProgress, Progress } from '../../workflows/messages.js';

const DOING: Readonly<Record<ImageProgress['step'], string>> = {
  waiting: 'Its images wait for their turn',
  fetching: 'Fetched',
  checking: 'Checked',
  unpacking: 'Unpacked',
  converting: 'Converted',
  registering: 'Its images are being registered',
};
/** Of less than this part no rest is told: it would be a guess. */
const LEAST_SHARE = 0.02;

/** How far the images of a wake are, of 1; undefined where nothing says so. */
export function imageShare({ image }: Progress): number | undefined {
  if (image?.total === undefined || image.total <= 0) return undefined;
  return Math.min(1, image.bytes / image.total);
}

/** How long the step that the images are at still takes, going by how long it took so far. Milliseconds. */
export function imageLeftMs(progress: Progress): number | undefined {
  const share = imageShare(progress);
  if (share === undefined || share < LEAST_SHARE || progress.image?.step !== 'fetching') return undefined;
  return ((Date.now() - progress.since) * (1 - share)) / share;
}

/** `Fetched: 120 MB of 500 MB.` */
export function imageText({ image }: Progress): string {
  if (image === undefined) return '';
  const { step, bytes, total } = image;
  if (step === 'waiting' || step === 'registering') return `${DOING[step]}.`;
  return `${DOING[step]}: ${size(bytes)}${total === undefined ? '' : ` of ${size(total)}`}.`;
}

function size(bytes: number): string {
  return bytes < 1e9 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}
