import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

interface Upload {
  readonly name: string;
  bytes: Buffer;
}

/**
 * A bucket of Cloud Storage with resumable uploads
 * (https://cloud.google.com/storage/docs/performing-resumable-uploads).
 */
export class FakeBucket {
  readonly objects = new Map<string, Buffer>();
  /** Every n-th piece arrives in half, and its answer is lost. 0: none. */
  losing = 0;
  private pieces = 0;
  private readonly uploads: Upload[] = [];
  private readonly server = createServer((request, response) => void this.take(request, response));

  static async open(): Promise<FakeBucket> {
    const fake = new FakeBucket();
    await new Promise<void>((resolve) => fake.server.listen(0, '127.0.0.1', resolve));
    return fake;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', this.url);
    const body = await buffer(request);
    if (request.method === 'POST' && pathname === '/upload/storage/v1/b/my-images/o') {
      const id = this.uploads.push({ name: searchParams.get('name') ?? '', bytes: Buffer.alloc(0) }) - 1;
      response.writeHead(200, { location: `${this.url}/session/${id}` }).end();
    } else if (request.method === 'PUT') this.takePiece(request, response, body);
    else if (request.method === 'DELETE' && pathname.startsWith('/storage/v1/b/my-images/o/')) {
      const known = this.objects.delete(decodeURIComponent(pathname.split('/').at(-1) ?? ''));
      response.writeHead(known ? 204 : 404).end();
    } else response.writeHead(400).end('no such request');
  }

  private takePiece(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
    const upload = this.uploads[Number(request.url?.split('/').at(-1))];
    const said = request.headers['content-range'] ?? '';
    const [, range = '', total = ''] = /^bytes (\*|\d+-\d+)\/(\*|\d+)$/.exec(said) ?? [];
    if (upload === undefined || range === '') return void response.writeHead(400).end(said);
    if (range !== '*') {
      const from = Number(range.split('-')[0]);
      if (from !== upload.bytes.length) return void response.writeHead(400).end('out of turn');
      const isLost = this.losing > 0 && ++this.pieces % this.losing === 0;
      upload.bytes = Buffer.concat([upload.bytes, isLost ? body.subarray(0, body.length / 2) : body]);
      if (isLost) return void request.socket.destroy();
    }
    if (total === String(upload.bytes.length)) {
      this.objects.set(upload.name, upload.bytes);
      return void response.writeHead(200).end('{}');
    }
    const last = upload.bytes.length - 1;
    response.writeHead(308, last < 0 ? {} : { range: `bytes=0-${last}` }).end();
  }
}
