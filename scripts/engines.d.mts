/**
 * Finds a real program that tests use: temporal, tctl, jupyter and moto (the pythons of their virtual environments), or any
 * name on PATH such as chromium.
 * @returns its absolute path, where this machine has it
 */
export function findEngine(name: string): string | undefined;
