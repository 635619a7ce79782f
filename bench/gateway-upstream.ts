/** The protected service of `gateway`, in a thread of its own: says its port. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parentPort } from 'node:worker_threads'

const answer = Buffer.from('hello from the protected service\n')
const server = createServer({ keepAliveTimeout: 60_000 }, (incoming, outgoing) => {
  incoming.resume()
  outgoing.writeHead(200, { 'content-type': 'text/plain', 'content-length': answer.length }).end(answer)
})
server.listen(0, '127.0.0.1', () => parentPort?.postMessage((server.address() as AddressInfo).port, []))
