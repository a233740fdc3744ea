/** Fields as they came: names and values in turn. */

/** The values of a field, joined, or undefined where it is not there. */
export function fieldOf(raw: readonly string[], lowerName: string): string | undefined {
  let value: string | undefined;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i];
    if (name?.length !== lowerName.length || name.toLowerCase() !== lowerName) continue;
    value = value === undefined ? raw[i + 1] : `${value}, ${raw[i + 1]}`;
  }
  return value;
}

/** Values of all fields of that name, each as it came. */
export function valuesOf(raw: readonly string[], name: string): string[] {
  const lower = name.toLowerCase();
  const values: string[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    if (raw[i]?.length === lower.length && raw[i]?.toLowerCase() === lower) values.push(raw[i + 1] ?? '');
  }
  return values;
}
