import type { Info } from '@temporalio/activity';
import type { ActivityInboundCallsInterceptor } from '@temporalio/worker';
import type { Tracing } from '../tracing/contract.js';

/** A span for each activity that a wake's trace has led to: the workflow hands it on in the activity's target. */
export function tracingActivities(
  tracing: Tracing,
  { activityType, attempt }: Info,
): ActivityInboundCallsInterceptor {
  return {
    execute: async (input, next) => {
      const { name, generation, trace } = targetOf(input.args[0]);
      if (trace === undefined) return await next(input);
      const span = tracing.begin(activityType, 'internal', trace, {
        'reveille.resource': name,
        'reveille.generation': generation,
        'reveille.attempt': attempt,
      });
      try {
        const result = await next(input);
        span.end();
        return result;
      } catch (error) {
        span.end(error instanceof Error ? error.message : String(error));
        throw error;
      }
    },
  };
}

interface Traced {
  name: string;
  generation: number;
  trace: string | undefined;
}

function targetOf(target: unknown): Traced {
  const { name, generation, trace }: { [K in keyof Traced]?: unknown } =
    typeof target === 'object' && target !== null ? target : {};
  return {
    name: typeof name === 'string' ? name : '',
    generation: typeof generation === 'number' ? generation : 0,
    trace: typeof trace === 'string' ? trace : undefined,
  };
}
