/**
 * Finds a real program that tests use: temporal, tctl, jupyter (the python of its virtual environment), or any
 * name on PATH such as chromium.
 * @returns its absolute path, where this machine has it
 */
export function findEngine(name: string): string | undefined;
