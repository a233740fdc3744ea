import { ReveilleError } from '../../errors/index.js';
import type { ImageProgress } from '../../workflows/messages.js';
import type { StoredImage } from './store/records.js';

/** What work on images is given by its activity. */
export interface WorkContext {
  readonly signal: AbortSignal;
  /** Cheap: may be called often. */
  progress(progress: ImageProgress): void;
}

/** Absolute path of an image: its file, or the folder of its files where it has several. */
export function pathOf({ files }: Pick<StoredImage, 'files'>): string {
  const [first] = files;
  if (first === undefined) throw new ReveilleError('INTERNAL', 'an image without files');
  return files.length === 1 ? first.file : first.file.slice(0, -first.path.length - 1);
}
