/**
 * What goes wrong between the caller and the cloud. `throttle`, `error` and `drop`: nothing is done; `refuse`: nothing
 * is done, with that code; `delay`, `hold`: it is done later; `lose`: it is done, and its answer lost.
 */
export type Fault =
  | { kind: 'throttle' | 'error' | 'drop' | 'lose' }
  | { kind: 'refuse'; code: string; status?: number }
  | { kind: 'delay'; ms: number }
  | { kind: 'hold'; until: Promise<void> };

/** @param call `Key=`, who signed it, a space, and its parameters. */
type Rule = (call: string) => Fault | undefined;

/** Faults that are to come. */
export class Ec2Faults {
  private readonly rules = new Set<Rule>();

  /** @param call it as `Rule` has it. @param times it happens. @returns what ends it. */
  add(call: RegExp, fault: Fault, times = Number.POSITIVE_INFINITY): () => void {
    let left = times;
    return this.decide((one) => (call.test(one) && left-- > 0 ? fault : undefined));
  }

  /** @returns what ends it. */
  decide(rule: Rule): () => void {
    this.rules.add(rule);
    return () => this.rules.delete(rule);
  }

  /** The one that this call meets. */
  meet(call: string): Fault | undefined {
    for (const rule of this.rules) {
      const fault = rule(call);
      if (fault !== undefined) return fault;
    }
    return undefined;
  }
}

/** An error as the reference has it ("Error responses"). */
export function errorAnswer(code: string, message = code): string {
  return `<?xml version="1.0" encoding="UTF-8"?><Response><Errors><Error><Code>${code}</Code><Message>${message}</Message></Error></Errors><RequestID>test</RequestID></Response>`;
}

/** Status and code of an error that nothing was done for. */
export function answerTo(fault: Fault): { status: number; code: string } | undefined {
  if (fault.kind === 'throttle') return { status: 503, code: 'RequestLimitExceeded' };
  if (fault.kind === 'error') return { status: 500, code: 'InternalError' };
  if (fault.kind === 'refuse') return { status: fault.status ?? 400, code: fault.code };
  return undefined;
}
