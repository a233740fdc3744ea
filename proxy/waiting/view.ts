/** What a person reads about a wake: the words of the waiting page, at its first sight and in each of its events. */
import type { Phase, StepTiming } from '../../workflows/messages.js';
import type { WaitState } from '../gate-contract.js';
import { imageLeftMs, imageShare, imageText } from './image-words.js';

/** `asleep`: nobody wakes it any more. `ready`: the page goes on. */
export type ViewState = 'waiting' | 'ready' | 'failed' | 'asleep';

export interface StepView {
  readonly label: string;
  readonly state: 'done' | 'now' | 'next';
  /** How long it took, in words; empty where it is not done. */
  readonly time: string;
}

/** All of it is text, never markup. An empty text is not shown. */
export interface WaitView {
  readonly state: ViewState;
  readonly heading: string;
  /** For how long, and how long yet. */
  readonly timing: string;
  /** How far, of 100; absent where nothing is known. */
  readonly percent?: number;
  readonly steps: readonly StepView[];
  readonly detail: string;
  readonly remedy: string;
  readonly log: string;
}

const DOING: Readonly<Record<Phase, string>> = {
  asleep: 'is asleep and about to wake',
  imaging: 'is getting its images',
  booting: 'is booting',
  checking: 'has started and is not healthy yet',
  ready: 'is ready',
  draining: 'is stopping and will start again',
  stopping: 'is stopping and will start again',
  failed: 'did not start',
};
const LABELS: Readonly<Record<StepTiming['step'], string>> = {
  image: 'Get its images',
  boot: 'Boot',
  health: 'Check that it is healthy',
};
const ORDER: readonly StepTiming['step'][] = ['image', 'boot', 'health'];
const CURRENT: Partial<Record<Phase, StepTiming['step']>> = {
  imaging: 'image',
  booting: 'boot',
  checking: 'health',
};
/** The bar never says that it is done before it is. */
const MOST_PERCENT = 95;
/** Images that are there are looked at in less. */
const TOLD_IMAGE_MS = 2000;

/** @param showLog whether the reader may see the log's tail. */
export function viewOf(resource: string, wait: WaitState, showLog: boolean): WaitView {
  const { phase, failure, trouble } = wait;
  const state = stateOf(wait);
  if (state === 'failed') {
    return {
      state,
      heading: `${resource} ${DOING.failed}`,
      timing: retryText(failure?.retryInMs),
      steps: stepsOf(wait).filter(({ state: step }) => step === 'done'),
      detail: failure?.message ?? '',
      remedy: failure?.remedy ?? '',
      log: (showLog ? failure?.log : undefined) ?? '',
    };
  }
  const waiting = state === 'waiting';
  const far = waiting ? percentOf(wait) : undefined;
  return {
    state,
    heading: state === 'asleep' ? `${resource} is asleep` : `${resource} ${DOING[phase]}`,
    timing: waiting ? [timingText(wait), placeText(wait)].filter((text) => text !== '').join(' ') : '',
    ...(far === undefined ? {} : { percent: Math.min(MOST_PERCENT, Math.round(100 * far)) }),
    steps: stepsOf(wait),
    detail: waiting ? (trouble?.message ?? '') : '',
    remedy: waiting && trouble !== undefined ? 'It is tried again until it works.' : '',
    log: '',
  };
}

function stateOf({ phase, failure, waitedMs }: WaitState): ViewState {
  if (failure !== undefined || phase === 'failed') return 'failed';
  if (phase === 'ready') return 'ready';
  const isWoken = waitedMs !== undefined;
  return isWoken || phase === 'imaging' || phase === 'booting' || phase === 'checking' ? 'waiting' : 'asleep';
}

/** Whoever came late in a boot is told of all of it. */
function elapsedOf({ progress, waitedMs = 0 }: WaitState): number {
  if (progress === undefined) return waitedMs;
  const done = progress.steps.reduce((sum, { took }) => sum + took, 0);
  return Math.max(waitedMs, done + Date.now() - progress.since);
}

/** What the images took, so far or in all: no past wake tells how long that is. */
function imageMs({ phase, progress }: WaitState): number {
  if (phase === 'imaging') return Number.POSITIVE_INFINITY;
  return progress?.steps.find(({ step }) => step === 'image')?.took ?? 0;
}

const usualMs = (wait: WaitState): number | undefined => wait.progress?.usual ?? wait.usual?.totalMs;

/** How far it is, of 1. */
function percentOf(wait: WaitState): number | undefined {
  const usual = usualMs(wait);
  if (wait.phase === 'imaging') return wait.progress && imageShare(wait.progress);
  return usual === undefined || usual <= 0 ? undefined : (elapsedOf(wait) - imageMs(wait)) / usual;
}

function timingText(wait: WaitState): string {
  const since = `For ${seconds(elapsedOf(wait))} now.`;
  const { phase, progress } = wait;
  if (phase === 'imaging') {
    const left = progress && imageLeftMs(progress);
    const rest = left === undefined ? '' : ` About ${seconds(left)} to go, then it boots.`;
    return `${since} ${progress === undefined ? '' : imageText(progress)}${rest}`.trimEnd();
  }
  const usual = usualMs(wait);
  if (usual === undefined) return since;
  const images = imageMs(wait);
  const takes = `${images > TOLD_IMAGE_MS ? 'After its images it' : 'It'} usually takes ${seconds(usual)}`;
  const left = usual - (elapsedOf(wait) - images);
  if (left <= 0) return `${since} ${takes}: this time it takes longer.`;
  return `${since} ${takes}: about ${seconds(left)} to go.`;
}

function placeText({ progress }: WaitState): string {
  const ahead = progress?.ahead;
  if (ahead === undefined) return '';
  return `It waits for a place: ${ahead} ${ahead === 1 ? 'is' : 'are'} before it.`;
}

function retryText(retryInMs: number | undefined): string {
  return retryInMs === undefined || retryInMs <= 0 ? '' : `It can be tried again in ${seconds(retryInMs)}.`;
}

function stepsOf({ phase, progress, usual }: WaitState): StepView[] {
  const done = new Map(progress?.steps.map(({ step, took }) => [step, took]));
  const current = CURRENT[phase];
  const expected: readonly StepTiming['step'][] = usual?.steps ?? ['boot'];
  return ORDER.filter((step) => done.has(step) || step === current || expected.includes(step)).map((step) => {
    const took = done.get(step);
    return {
      label: LABELS[step],
      state: took !== undefined ? 'done' : step === current ? 'now' : 'next',
      time: took === undefined ? '' : `${(took / 1000).toFixed(1)} s`,
    };
  });
}

/** Rounded up, so that nothing is told to come sooner than it does. */
function seconds(ms: number): string {
  const whole = Math.max(1, Math.ceil(ms / 1000));
  if (whole < 100) return `${whole} s`;
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
