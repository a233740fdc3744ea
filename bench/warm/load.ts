/** The load: wrk, with the fields that a browser sends. */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export const BROWSER: Readonly<Record<string, string>> = {
  'User-Agent':
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36',
  Accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8',
  'Accept-Language': 'en-GB,en;q=0.9,de;q=0.8',
  'Accept-Encoding': 'gzip, deflate, br, zstd',
  'Cache-Control': 'max-age=0',
  Cookie: 'session=3f9a1c7e5b2d4860; theme=dark; _ga=GA1.1.1234567890.1700000000',
  Referer: 'http://app.example.org/list?page=2',
  'Sec-Fetch-Dest': 'document',
  'Sec-Fetch-Mode': 'navigate',
  'Sec-Fetch-Site': 'same-origin',
  'Sec-Fetch-User': '?1',
  'Upgrade-Insecure-Requests': '1',
  'sec-ch-ua': '"Chromium";v="130", "Google Chrome";v="130", "Not?A_Brand";v="99"',
  'sec-ch-ua-mobile': '?0',
  'sec-ch-ua-platform': '"Linux"',
};

export interface Load {
  url: string;
  connections: number;
  seconds: number;
  /** Mean pause of each connection before each request; absent: none, so as fast as answers come. */
  pauseMs?: number;
  /** Body of each request, which then is a POST. */
  bodyBytes?: number;
}

export interface LoadResult {
  requests: number;
  /** As wrk measured them. */
  seconds: number;
  p50Ms: number;
  p99Ms: number;
  /** Connections that failed, answers that did not come or were not 2xx. */
  errors: number;
}

/** Runs wrk on one core. @throws where it does not end well. */
export async function load(
  folder: string,
  core: number,
  options: Load,
  signal: AbortSignal,
): Promise<LoadResult> {
  const script = join(folder, 'wrk.lua');
  writeFileSync(script, lua(options));
  const { connections, seconds, url } = options;
  const args = [
    '-c',
    String(core),
    'wrk',
    '-t1',
    `-c${connections}`,
    `-d${seconds}s`,
    '--timeout',
    '10s',
    '-s',
  ];
  const { stdout } = await run('taskset', [...args, script, url], { signal });
  const line = stdout.split('\n').find((one) => one.startsWith('{'));
  if (line === undefined) throw new Error(`wrk told nothing: ${stdout}`);
  return JSON.parse(line) as LoadResult;
}

function lua({ pauseMs, bodyBytes }: Load): string {
  const fields = Object.entries(BROWSER).map(([name, value]) => `wrk.headers["${name}"] = '${value}'`);
  const pause = `function delay() return math.random(0, ${2 * (pauseMs ?? 0)}) end`;
  const body = `wrk.method = "POST"\nwrk.body = string.rep("b", ${bodyBytes ?? 0})`;
  return `${fields.join('\n')}
${bodyBytes === undefined ? '' : body}
${pauseMs === undefined ? '' : pause}
function done(summary, latency)
  local e = summary.errors
  print(string.format('{"requests":%d,"seconds":%f,"p50Ms":%f,"p99Ms":%f,"errors":%d}',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    e.connect + e.read + e.write + e.status + e.timeout))
end
`;
}
