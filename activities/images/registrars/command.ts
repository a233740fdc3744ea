import type { CommandPlace, Config } from '../../../config/index.js';
import type { PlacedImage, Registrar, RegistrarContext } from './contract.js';
import { commandFailed, type End, environmentOf, firstLine, runImageCommand } from './program.js';

type Step = 'register' | 'deregister' | 'exists';

const MAX_ID = 512;

/**
 * Any place that commands of the operator speak to (IP12). What is known of an image reaches them in their environment
 * alone, and no shell is in between.
 */
export class CommandRegistrar implements Registrar {
  readonly place: string;

  constructor(
    private readonly name: string,
    private readonly settings: CommandPlace,
    private readonly config: Config,
  ) {
    this.place = `command:${name}`;
  }

  async register(image: PlacedImage, context: RegistrarContext): Promise<string> {
    const end = await this.run('register', this.settings.register, environmentOf(image), context);
    if (end.code !== 0) throw this.failed('register', end);
    return firstLine(this.commandOf('register'), end, 'id', MAX_ID);
  }

  async find(
    _key: string,
    known: string | undefined,
    context: RegistrarContext,
  ): Promise<string | undefined> {
    const { exists } = this.settings;
    if (exists === undefined || known === undefined) return known;
    const end = await this.run('exists', exists, { IMAGE_ID: known }, context);
    if (end.code !== 0 && end.code !== 1) throw this.failed('exists', end);
    return end.code === 0 ? known : undefined;
  }

  async deregister(id: string, context: RegistrarContext): Promise<void> {
    const { deregister } = this.settings;
    if (deregister === undefined) return;
    const end = await this.run('deregister', deregister, { IMAGE_ID: id }, context);
    if (end.code !== 0) throw this.failed('deregister', end);
  }

  private commandOf(step: Step, command: readonly string[] = []) {
    const { env, timeout } = this.settings;
    return { command, env, timeout, key: `images.register.${this.name}.${step}` };
  }

  /** Its secrets could be in what it says. */
  private failed(step: Step, end: End) {
    const { register, deregister = [], exists = [], env } = this.settings;
    const texts = [...register, ...deregister, ...exists, ...Object.values(env)];
    return commandFailed(this.commandOf(step), end, texts, this.config);
  }

  private run(
    step: Step,
    command: readonly string[],
    told: Record<string, string>,
    context: RegistrarContext,
  ): Promise<End> {
    return runImageCommand(this.commandOf(step, command), told, this.config, context);
  }
}
