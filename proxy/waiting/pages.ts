/** Fills the page of a wake: that of waiting, and that of a wake that failed. One template serves for both. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Config } from '../../config/index.js';
import { type Problem, ReveilleError } from '../../errors/index.js';
import { escapeHtml } from '../html.js';
import { pathOf } from '../request-target.js';
import { DEFAULT_PAGE } from './default-page.js';
import { SCRIPT } from './script.js';
import type { WaitView } from './view.js';

/** The file of `proxy.waiting.folder`. */
const FILE = 'waiting.html';
/** How often a page without JavaScript asks again. */
export const REFRESH_S = 2;

const FIELDS = [
  'state',
  'heading',
  'timing',
  'progress',
  'steps',
  'detail',
  'remedy',
  'log',
  'note',
  'refresh',
  'script',
] as const;
type Field = (typeof FIELDS)[number];
const PLACE = /\{\{\s*([^{}]*?)\s*\}\}/g;

/** A page, and the Content-Security-Policy that goes with it. */
export interface Page {
  readonly html: string;
  readonly policy: string;
}

export class Pages {
  readonly #parts: string[];
  readonly #policy: string;

  /** @throws ReveilleError CONFIG_INVALID where the folder has no template, or one with an unknown field. */
  constructor({ folder, proxy }: Pick<Config, 'folder' | 'proxy'>) {
    const own = proxy.waiting.folder;
    const text = own === undefined ? DEFAULT_PAGE : readTemplate(resolve(folder, own));
    // Text and the names of fields by turns.
    this.#parts = text.split(PLACE);
    this.#policy = policyOf(text);
  }

  /**
   * @param target path and query that the page stands at.
   * @param events where the page hears more, relative to itself.
   */
  waiting(view: WaitView, target: string, events: string, requestId: string): Page {
    return this.#fill(view, {
      note: `request ${escapeHtml(requestId)}`,
      refresh: `<noscript><meta http-equiv="refresh" content="${REFRESH_S};url=${escapeHtml(itself(target))}"></noscript>`,
      script: `<script data-events="${escapeHtml(events)}">${SCRIPT}</script>`,
    });
  }

  /** A wake that failed before any page was shown. It does not come again by itself: it would wake without end. */
  failed({ title, detail, remedy, log = '', code, requestId = '' }: Problem): Page {
    const view: WaitView = {
      state: 'failed',
      heading: title,
      timing: '',
      steps: [],
      detail,
      remedy,
      log,
    };
    const note = `${code} · request ${escapeHtml(requestId)}`;
    return this.#fill(view, { note, refresh: '', script: '' });
  }

  #fill(view: WaitView, given: Record<'note' | 'refresh' | 'script', string>): Page {
    const values: Record<string, string> = {
      ...given,
      state: view.state,
      heading: escapeHtml(view.heading),
      timing: escapeHtml(view.timing),
      progress: view.percent === undefined ? '' : ` value="${view.percent}"`,
      steps: view.steps.map(stepItem).join(''),
      detail: escapeHtml(view.detail),
      remedy: escapeHtml(view.remedy),
      log: escapeHtml(view.log),
    } satisfies Record<Field, string>;
    const html = this.#parts.map((part, index) => (index % 2 === 0 ? part : (values[part] ?? ''))).join('');
    return { html, policy: this.#policy };
  }
}

/**
 * Relative, as of eventsUrl. Said at all because a page whose URL has a fragment would not be loaded again without: it
 * would go to its own fragment (HTML Living Standard, navigate).
 */
function itself(target: string): string {
  const path = pathOf(target);
  return `./${target.slice(path.lastIndexOf('/') + 1)}`;
}

function readTemplate(folder: string): string {
  const file = join(folder, FILE);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new ReveilleError('CONFIG_INVALID', `proxy.waiting.folder: ${file} cannot be read`, {
      cause: error,
    });
  }
  for (const [, name = ''] of text.matchAll(PLACE)) {
    if ((FIELDS as readonly string[]).includes(name)) continue;
    const known = FIELDS.map((field) => `{{${field}}}`).join(' ');
    throw new ReveilleError('CONFIG_INVALID', `${file} has {{${name}}}; known are ${known}`);
  }
  return text;
}

function stepItem({ label, state, time }: WaitView['steps'][number]): string {
  const current = state === 'now' ? ' aria-current="step"' : '';
  const text = time === '' ? label : `${label}: ${time}`;
  return `<li data-state="${state}"${current}>${escapeHtml(text)}</li>`;
}

/**
 * Only what stands in the page itself runs or paints, and it speaks to nobody but the proxy. Whether it may be framed
 * is left open: applications that live in frames are waited for in them.
 */
function policyOf(text: string): string {
  const scripts = [SCRIPT, ...inner(text, 'script')].map(hashed).join(' ');
  const styles = inner(text, 'style').map(hashed).join(' ');
  return (
    `default-src 'none'; script-src ${scripts}; style-src ${styles === '' ? "'none'" : styles}; ` +
    "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'"
  );
}

function inner(text: string, tag: 'script' | 'style'): string[] {
  const blocks = text.matchAll(new RegExp(`<${tag}[^>]*>([\\s\\S]*?)</${tag}>`, 'gi'));
  return [...blocks].map(([, body = '']) => body).filter((body) => body !== '');
}

const hashed = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
