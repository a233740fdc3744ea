/** Names of metrics: those that exist, of Prometheus text, and those that a query asks for. */

/** Every series name of a text in Prometheus's format; of histograms with `_bucket`, `_sum` and `_count`. */
export function namesIn(text: string): Set<string> {
  const names = new Set<string>();
  for (const [, name = '', type] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
    if (type === 'histogram') for (const part of ['bucket', 'sum', 'count']) names.add(`${name}_${part}`);
    else names.add(name);
  }
  return names;
}

/** Names of the metrics in a PromQL expression. */
export function namesOf(expression: string): string[] {
  return expression.match(/\b(?:reveille|temporal)_[a-z0-9_]+/g) ?? [];
}
