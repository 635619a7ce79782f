import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import fc from 'fast-check'
import { CommandError, NotRunning } from './command.ts'
import { openOperator, operatorSocket, pathOf, type Operator } from './operator.ts'

type Answer = (request: IncomingMessage, reply: ServerResponse, body: string) => void

/** A door that answers as the test tells it, to see what the client makes of it. */
async function door(t: TestContext, answer: Answer): Promise<Operator> {
  const folder = await mkdtemp(join(tmpdir(), 'surety-cli-'))
  const path = join(folder, 'operator.sock')
  const server = createServer((request, reply) => {
    let body = ''
    request.setEncoding('utf8').on('data', (part: string) => (body += part))
    request.once('end', () => answer(request, reply, body))
  })
  await new Promise<void>((resolve) => server.listen(path, resolve))
  t.after(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    await rm(folder, { recursive: true })
  })
  return openOperator({ SURETY_OPERATOR_SOCKET: path })
}

function refusedWith(code: string, sentence: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof CommandError && error.code === code && sentence.test(error.message)
}

suite('the operator socket', () => {
  test('sends what the route takes and returns what it answers', async (t) => {
    const operator = await door(t, (request, reply, body) => {
      reply.end(
        JSON.stringify({
          method: request.method,
          url: request.url,
          type: request.headers['content-type'],
          body,
        }),
      )
    })
    const answer: unknown = await operator.call('POST /checks/run', { body: { clause: '3.4-a' } })
    assert.deepEqual(answer, {
      method: 'POST',
      url: '/checks/run',
      type: 'application/json',
      body: '{"clause":"3.4-a"}',
    })
  })

  test('a refusal becomes its code and its sentence', async (t) => {
    const operator = await door(t, (_request, reply) => {
      reply.writeHead(404, { 'content-type': 'application/problem+json' })
      reply.end(
        JSON.stringify({
          status: 404,
          code: 'resource.unknown',
          title: 'There is nothing here',
          detail: 'there is no clause 9.9-z',
        }),
      )
    })
    await assert.rejects(
      operator.call('GET /policy/show/:clause', { params: { clause: '9.9-z' } }),
      refusedWith('resource.unknown', /no clause 9\.9-z/),
    )
  })

  test('a failure on the other side names the request to look for', async (t) => {
    const operator = await door(t, (_request, reply) => {
      reply
        .writeHead(500)
        .end(JSON.stringify({ code: 'server.error', title: 'Something went wrong', requestId: 'abc' }))
    })
    await assert.rejects(operator.call('GET /policy/list'), refusedWith('server.error', /request abc/))
  })

  test('an answer that is not JSON is an error, never a result', async (t) => {
    const operator = await door(t, (_request, reply) => reply.end('<html>'))
    await assert.rejects(operator.call('GET /policy/list'), refusedWith('malformed', /not JSON/))
  })

  test('an answer that breaks off is an error', async (t) => {
    const operator = await door(t, (_request, reply) => {
      reply.writeHead(200, { 'content-length': '100' }).write('{')
      setImmediate(() => reply.destroy())
    })
    await assert.rejects(operator.call('GET /policy/list'), refusedWith('broken-off', /broke/))
  })

  test('an answer that never comes is given up', async (t) => {
    const operator = await door(t, () => {})
    await assert.rejects(
      operator.call('GET /policy/list', { waitMs: 50 }),
      refusedWith('timeout', /too long/),
    )
  })

  test('no socket, and a file that is none, mean that nothing runs', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'surety-cli-'))
    t.after(() => rm(folder, { recursive: true }))
    const path = join(folder, 'operator.sock')
    await assert.rejects(openOperator({ SURETY_OPERATOR_SOCKET: path }).call('GET /policy/list'), NotRunning)
    await writeFile(path, '')
    await assert.rejects(openOperator({ SURETY_OPERATOR_SOCKET: path }).call('GET /policy/list'), NotRunning)
  })

  test('the socket lies in the run folder of the data folder', () => {
    assert.equal(operatorSocket({ SURETY_VAR: '/srv/surety' }), '/srv/surety/run/operator.sock')
  })
})

test('whatever stands in a parameter, the path keeps its shape', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (clause) => {
      const path = pathOf('/policy/show/:clause', { params: { clause } })
      const [, first, second, third, ...more] = new URL(path, 'http://localhost').pathname.split('/')
      // A dot segment is resolved by URL readers; the other side then knows no such route.
      if (clause === '.' || clause === '..') return
      assert.deepEqual([first, second, more], ['policy', 'show', []])
      assert.equal(decodeURIComponent(third ?? ''), clause.toWellFormed())
    }),
  )
})
