/** The reference for requests: a bare `node:http` server that answers every request with a constant body of the given size. */
import { createServer } from 'node:http';

const bytes = Number(process.argv[2]);
const body = JSON.stringify({ data: 'x'.repeat(Math.max(0, bytes - 11)) });
const server = createServer((_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
  response.end(body);
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address !== null && typeof address === 'object')
    process.stdout.write(`http://127.0.0.1:${address.port}\n`);
});
