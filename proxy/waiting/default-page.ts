/** The waiting page where no folder of templates replaces it. Nothing in it is fetched from anywhere. */
export const DEFAULT_PAGE = `<!doctype html>
<html lang="en" data-state="{{state}}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<link rel="icon" href="data:,">
<meta name="color-scheme" content="light dark">
{{refresh}}
<title>{{heading}}</title>
<style>
:root { --ink: #1c2430; --soft: #55606e; --paper: #f6f7f9; --card: #fff; --line: #d9dde3; --accent: #1f5fbf; --bad: #a3261d }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8ebf0; --soft: #a5afbd; --paper: #12161c; --card: #1b2129; --line: #343d4a; --accent: #8bb8ff; --bad: #ff9d92 }
}
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1rem; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif }
main { width: 100%; max-width: 34rem; padding: 1.5rem; background: var(--card); border: 1px solid var(--line); border-radius: .75rem; overflow-wrap: anywhere }
h1 { margin: 0 0 .75rem; font-size: 1.35rem; line-height: 1.3 }
p, ol, pre { margin: .75rem 0 0 }
p:empty, ol:empty, pre:empty { display: none }
progress { width: 100%; height: .6rem; accent-color: var(--accent) }
ol { padding-left: 1.5rem; color: var(--soft) }
li[data-state=now] { color: var(--ink); font-weight: 600 }
li[data-state=done]::marker { content: "\\2713\\00a0" }
pre { max-height: 40vh; overflow: auto; padding: .75rem; border: 1px solid var(--line); border-radius: .5rem; background: var(--paper); font-size: .85rem; white-space: pre-wrap }
small, .soft { color: var(--soft) }
.retry { display: none; margin-top: 1rem; padding: .6rem 1.1rem; border-radius: .5rem; background: var(--accent); color: var(--card); font-weight: 600; text-decoration: none }
.retry:focus-visible { outline: 3px solid var(--ink); outline-offset: 2px }
[data-state=failed] .retry, [data-state=asleep] .retry, [data-state=ready] .retry { display: inline-block }
[data-state=failed] h1 { color: var(--bad) }
[data-state=failed] progress, [data-state=asleep] progress { display: none }
[data-state=failed] .on, [data-state=asleep] .on { display: none }
</style>
</head>
<body>
<main>
<div role="status"><h1 data-reveille="heading">{{heading}}</h1></div>
<progress data-reveille="progress" max="100" aria-label="How far it is"{{progress}}></progress>
<p data-reveille="timing">{{timing}}</p>
<ol data-reveille="steps">{{steps}}</ol>
<div role="alert"><p data-reveille="detail">{{detail}}</p>
<p data-reveille="remedy">{{remedy}}</p></div>
<pre data-reveille="log" tabindex="0" role="region" aria-label="The end of its log">{{log}}</pre>
<a class="retry" href="" data-reveille="retry">Try again</a>
<p class="soft" data-reveille="link" role="status"></p>
<p class="soft on">This page goes on by itself.</p>
<p><small>{{note}}</small></p>
</main>
{{script}}
</body>
</html>
`;
