// Node's http2 as the server of our client: `h2_get` asks it. Prints its port.
import http2 from 'node:http2';

const server = http2.createServer();
server.on('stream', (stream, headers) => {
  const path = headers[':path'];
  stream.on('error', () => {});
  if (path === '/refuse') return stream.close(http2.constants.NGHTTP2_REFUSED_STREAM);
  if (path === '/large') {
    stream.respond({ ':status': 200 });
    return stream.end('x'.repeat(700_000));
  }
  stream.additionalHeaders({ ':status': 103, link: '</style.css>; rel=preload' });
  stream.respond({ ':status': 200, 'content-type': 'text/plain' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '17' }));
  setTimeout(() => stream.end(`${headers[':method']} ${path} from ${headers[':authority'] ? 'a client' : 'nobody'}`), 50);
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
