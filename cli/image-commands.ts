import { type Command, Option } from 'commander';
import { COMPRESSIONS, IMAGE_TYPES, parseDuration } from '../config/index.js';
import type { ClientContext } from './client-actions.js';

/** @param contextOf what every command of a client is run with. */
export function addImages(program: Command, contextOf: (command: Command) => ClientContext): void {
  const image = program
    .command('image')
    .description('images that are fetched by URL, and what is kept of them');
  addAdd(image, contextOf);
  const place = '--place <host>';
  const where = 'the host; default: the one that the configuration is for';
  image
    .command('list')
    .description('show the images of a host, and what holds them')
    .option(place, where)
    .action(async (options: { place?: string }, command: Command) => {
      const { list } = await import('./client-images.js');
      await list(contextOf(command), options);
    });
  image
    .command('show')
    .description('show all about one image')
    .argument('<image>', 'its key, sha256 or GUID, or how one of the first two begins')
    .option(place, where)
    .action(async (name: string, options: { place?: string }, command: Command) => {
      const { show } = await import('./client-images.js');
      await show(contextOf(command), name, options);
    });
  image
    .command('remove')
    .description('remove an image that nothing uses')
    .argument('<image>', 'its key, sha256 or GUID, or how one of the first two begins')
    .option(place, where)
    .action(async (name: string, options: { place?: string }, command: Command) => {
      const { remove } = await import('./client-images.js');
      await remove(contextOf(command), name, options);
    });
  image
    .command('seed')
    .description('give an image that came by BitTorrent to others, within images.torrent')
    .argument('<image>', 'its key, sha256 or GUID, or how one of the first two begins')
    .option('--off', 'do so no longer')
    .option(place, where)
    .action(async (name: string, options: { off?: boolean; place?: string }, command: Command) => {
      const { seed } = await import('./client-images.js');
      await seed(contextOf(command), name, options);
    });
  image
    .command('collect')
    .description(
      'remove what is older than images.maxAge, and more while the disk has less free than images.keepFree',
    )
    .option('--all', 'remove everything that nothing uses')
    .option(place, where)
    .action(async (options: { all?: boolean; place?: string }, command: Command) => {
      const { collect } = await import('./client-images.js');
      await collect(contextOf(command), options);
    });
}

function addAdd(image: Command, contextOf: (command: Command) => ClientContext): void {
  image
    .command('add')
    .description('fetch an image and register it, unless it is there already')
    .argument('<url>', 'https, http, file, .torrent or magnet')
    .option('--mirror <url...>', 'further URLs of the same bytes')
    .option('--sha256 <digest>', 'of the bytes at the URL')
    .option('--sha512 <digest>', 'as well, or instead')
    .option('--sha1 <digest>', 'where nothing better is known')
    .option('--guid <name>', 'a name of your site for it')
    .addOption(
      new Option('--type <type>', 'what the bytes are, once unpacked').choices(IMAGE_TYPES).default('file'),
    )
    .addOption(
      new Option('--compression <format>', 'what is around them').choices(COMPRESSIONS).default('auto'),
    )
    .option('--metadata', 'the URL is of a metadata file that names parts')
    .option('--register <place>', 'a place of images.register')
    .option('--place <host>', 'the host; default: the one that the configuration is for')
    .option('--wait', 'until it is usable, showing how far it is')
    .option('--timeout <duration>', 'how long to wait', '1h')
    .action(async (url: string, options: AddOptions & { timeout: string }, command: Command) => {
      const timeoutMs = parseDuration(options.timeout);
      if (timeoutMs === undefined)
        command.error(`error: --timeout ${options.timeout}: expected a duration such as 1h`);
      const { add } = await import('./client-images.js');
      await add(contextOf(command), url, options, timeoutMs ?? 0);
    });
}

export interface AddOptions {
  mirror?: string[];
  sha256?: string;
  sha512?: string;
  sha1?: string;
  guid?: string;
  type: string;
  compression: string;
  metadata?: boolean;
  register?: string;
  place?: string;
  wait?: boolean;
}
