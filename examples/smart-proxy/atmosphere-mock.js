// A cloud for trying out: what a look-up and a spawn answer, and machines that take a random time to boot.
//   node examples/smart-proxy/atmosphere-mock.js [--port 5000] [--longest-boot SECONDS]
// GET  /get_vm/AS/for_user_with_groups/G1,G2   200 and a JSON list of URLs, or 404 while there is none
// POST /span_as/AS/for_user_with_groups/G1,G2  202 and "booting"
// POST /stop_as/AS/for_user_with_groups/G1,G2  204; with what spawns no longer, so that idle machines can be ended
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '5000' },
    'longest-boot': { type: 'string', default: '10' },
  },
});
const longestMs = Number(values['longest-boot']) * 1000;

/** Each with what it serves, the groups that it requires, and its URL once it has booted. */
const machines = [];

function spawn(as, groups) {
  const machine = { as, groups, url: undefined, number: machines.length + 1 };
  machines.push(machine);
  machine.server = createServer((request, response) => {
    request.resume();
    response.end(
      `machine ${machine.number} of ${as} for ${groups.join(',')}: ${request.method} ${request.url}\n`,
    );
  });
  machine.booting = setTimeout(() => {
    machine.server.listen(0, '127.0.0.1', () => {
      machine.url = `http://127.0.0.1:${machine.server.address().port}`;
    });
  }, Math.random() * longestMs);
}

function stop(machine) {
  clearTimeout(machine.booting);
  machine.server.close();
  machine.server.closeAllConnections();
  machines.splice(machines.indexOf(machine), 1);
}

/** A user may use machines that require no group which the user has not. */
const eligible = (as, groups) =>
  machines.filter((one) => one.as === as && one.groups.every((group) => groups.includes(group)));

const ROUTE = /^\/(get_vm|span_as|stop_as)\/([^/]+)\/for_user_with_groups\/([^/]*)$/;

const service = createServer((request, response) => {
  const [, what, as = '', list = ''] = ROUTE.exec(request.url ?? '')?.map(decodeURIComponent) ?? [];
  const groups = list.split(',').filter((group) => group !== '');
  const answer = (status, body = '') => {
    console.log(`${request.method} ${request.url} ${status}`);
    response.writeHead(status, { 'content-type': 'application/json' }).end(body);
  };
  request.resume();
  if (request.method === 'GET' && what === 'get_vm') {
    const urls = eligible(as, groups).flatMap(({ url }) => url ?? []);
    if (urls.length === 0) answer(404);
    else answer(200, JSON.stringify(urls));
  } else if (request.method === 'POST' && what === 'span_as') {
    spawn(as, groups);
    answer(202, JSON.stringify('booting'));
  } else if (request.method === 'POST' && what === 'stop_as') {
    for (const machine of eligible(as, groups)) if (machine.groups.join() === groups.join()) stop(machine);
    answer(204);
  } else answer(404);
});
service.listen(Number(values.port), '127.0.0.1', () => {
  console.log(`the cloud listens at http://127.0.0.1:${service.address().port}`);
});
