import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { test } from 'node:test'
import pg from 'pg'
import { isDatabaseAway, Problem, problemReply } from './problem.ts'

function failed(error: Partial<NodeJS.ErrnoException>): Error {
  return Object.assign(new Error(error.message ?? 'it failed'), error)
}

test('a lost, starting, stopping or full database is told as such', () => {
  for (const code of ['08006', '57P01', '57P03', '53100', '53300', '58030', 'ECONNREFUSED', 'ECONNRESET'])
    assert.equal(problemReply(failed({ code }), 'id').code, 'database.unavailable', code)
  for (const message of [
    'Connection terminated unexpectedly',
    'timeout exceeded when trying to connect',
    'Client has encountered a connection error and is not queryable',
  ])
    assert.equal(problemReply(failed({ message }), 'id').status, 503, message)
})

test('the driver’s own error of a socket that is not there is recognised', async () => {
  const client = new pg.Client({ host: '/nowhere/surety', user: 'nobody', database: 'none' })
  await assert.rejects(client.connect(), (error) => isDatabaseAway(error))
  const refused = await new Promise((resolve) => connect('/nowhere/socket').once('error', resolve))
  assert.ok(isDatabaseAway(refused))
})

test('a wrong statement and a missing file are faults of ours, and show nothing', () => {
  const missing = (() => {
    try {
      return readFileSync('/nowhere/file')
    } catch (error) {
      return error
    }
  })()
  for (const error of [missing, failed({ code: '42P01' }), failed({ code: '23505' }), 'text', null]) {
    const reply = problemReply(error, 'id')
    assert.deepEqual([reply.status, reply.code, isDatabaseAway(error)], [500, 'server.error', false])
    assert.ok(!JSON.stringify(reply).includes('nowhere'))
  }
})

test('a refusal keeps its code and its detail', () => {
  const reply = problemReply(new Problem('resource.unknown', 'No such clause.'), 'id')
  assert.deepEqual([reply.status, reply.code, reply.detail], [404, 'resource.unknown', 'No such clause.'])
})
