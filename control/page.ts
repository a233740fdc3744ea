/** The plain page of the control address, for browsers without scripts: what is awake, and why. It loads itself again. */
import { createHash } from 'node:crypto';
import type { ReveilleError } from '../errors/index.js';
import type { ResourceSummary } from './contract.js';
import { inWords, remarks, sleeps } from './words.js';

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { padding: .5rem .75rem .5rem 0; border-bottom: 1px solid #8884; text-align: left; vertical-align: top; }
.phase { font-weight: 600; }
.asleep { font-weight: 400; opacity: .7; }
.failed, .unknown, .trouble { color: #c33; }
.ready { color: #283; }
small { opacity: .75; }
`;
const HASH = createHash('sha256').update(STYLE).digest('base64');

/** Content-Security-Policy of the page: this one style sheet and nothing else. */
export const PAGE_POLICY = `default-src 'none'; style-src 'sha256-${HASH}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`;

export interface PageInput {
  /** Milliseconds since 1970. */
  now: number;
  resources: ResourceSummary[];
  /** Why little is known of them. */
  trouble?: ReveilleError;
}

export function renderPage({ now, resources, trouble }: PageInput): string {
  const own = resources.filter(({ members }) => members === undefined);
  const awake = own.filter(({ phase }) => phase !== 'asleep' && phase !== 'unknown').length;
  const notice = trouble
    ? `<p class="trouble"><b>${escaped(trouble.message)}.</b> ${escaped(trouble.remedy)}</p>`
    : `<p>${awake} of ${own.length} awake.</p>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="2">
<title>Reveille</title>
<style>${STYLE}</style>
</head>
<body>
<h1>Reveille</h1>
${notice}
<table>
<thead><tr><th>Resource</th><th>Phase</th><th>Since</th><th>Awake because</th><th>Sleeps</th><th>Life</th></tr></thead>
<tbody>
${resources.map((resource) => row(resource, now)).join('\n')}
</tbody>
</table>
</body>
</html>
`;
}

function row(resource: ResourceSummary, now: number): string {
  const { name, phase, url, since, keptAwakeBy, workflow } = resource;
  const notes = remarks(resource).map((note) => `<br><small>${escaped(note)}</small>`);
  const cells = [
    url === undefined ? escaped(name) : link(url, name),
    `<span class="phase ${escaped(phase)}">${escaped(phase)}</span>${notes.join('')}`,
    since === undefined ? '' : escaped(`${inWords(now - since)} ago`),
    escaped(keptAwakeBy.join(', ')),
    escaped(sleeps(resource, now)),
    workflow.url === undefined || phase === 'asleep' ? '' : link(workflow.url, 'workflow'),
  ];
  return `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`;
}

/** Only web addresses become links. */
function link(url: string, text: string): string {
  return /^https?:\/\//.test(url) ? `<a href="${escaped(url)}">${escaped(text)}</a>` : escaped(text);
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
