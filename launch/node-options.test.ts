import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { describe, test } from 'node:test'
import { promisify } from 'node:util'
import { inboxOptions, platformOptions } from './node-options.ts'

const run = promisify(execFile)

/** Asks a server for `/` with a hostile header, then without; prints what it answered and what data reaches. */
const PROGRAM = `
import { createServer } from 'node:http'
import { connect } from 'node:net'
const server = createServer((incoming, outgoing) => outgoing.end(String(Object.keys(incoming.headers).length)))
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
const ask = (line) => new Promise((resolve) => {
  const socket = connect(server.address().port, '127.0.0.1')
  let text = ''
  socket.on('data', (bytes) => (text += bytes)).on('close', () => resolve(text.slice(9, 12)))
  socket.write('GET / HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\n' + line + '\\r\\n')
})
const given = {}
given['__proto__'] = { reached: true }
let made = 'nothing'
try { made = String(new Function('return 1')()) } catch {}
console.log(await ask('__proto__: x\\r\\n'), await ask(''), given.reached ?? 'unreached', made)
server.close()
`

describe('how programs are started', () => {
  for (const [name, options] of Object.entries({ platform: platformOptions, inbox: inboxOptions }))
    test(`hostile: no header ends the ${name}, and data reaches neither prototypes nor the compiler`, async () => {
      const words = [...options, '--input-type=module', '--eval', PROGRAM]
      const { stdout } = await run(process.execPath, words)
      assert.equal(stdout.trim(), '200 200 unreached nothing')
    })
})
