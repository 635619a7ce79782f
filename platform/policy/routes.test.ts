import assert from 'node:assert/strict'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { after, before, test } from 'node:test'
import type { Caller } from '../kernel/caller.ts'
import { bindControls, declare } from '../kernel/control.ts'
import { silentLog } from '../kernel/log.ts'
import { Problem } from '../kernel/problem.ts'
import type { AnyRoute } from '../kernel/route.ts'
import { z } from '../kernel/schema.ts'
import { clauseCatalogue } from './clause-catalogue.ts'
import { policyControls, policyDeclarations, type PolicySystem } from './controls.ts'
import { policyOperatorRoutes } from './operator-routes.ts'
import { controlRegistry, type Registered } from './registry.ts'
import { policyRig, type PolicyRig } from './rig.fixture.ts'
import type { PolicyRouteParts } from './route-parts.ts'
import { policyRoutes, policyServiceRoutes } from './routes.ts'
import { openStatusBoard } from './status-board.ts'
import { realFiles, sampleParameters } from './text.fixture.ts'
import { ensurePublished } from './versions.ts'

let rig: PolicyRig
let folder: string
let parts: PolicyRouteParts
let routes: readonly AnyRoute[]

before(async () => {
  rig = await policyRig()
  await ensurePublished(rig, realFiles)
  folder = await mkdtemp(join(tmpdir(), 'surety-policy-'))
  await cp(fileURLToPath(new URL('../../policy/', import.meta.url)), folder, { recursive: true })
  const policy = await rig.reader('test')
  const system: PolicySystem = { ...rig, policy, registered: () => registered }
  const mine = new Set([
    ...policyControls.flatMap((one) => one.clauses),
    ...policyDeclarations.map((one) => one.clause),
  ])
  const others = clauseCatalogue.map(({ id }) => id).filter((id) => !mine.has(id))
  const registered: Registered = {
    catalogue: clauseCatalogue,
    parameters: sampleParameters,
    controls: bindControls(policyControls, system),
    declarations: [...policyDeclarations, ...declare('unproven', others, 'Not part of this test.')],
  }
  const known = (): ReturnType<PolicyRouteParts['known']> => ({
    vendorsRegistered: [],
    contactConfigured: false,
    certificateStates: {},
    cardDataOutOfReach: true,
    changesArchived: true,
  })
  const registry = controlRegistry(registered)
  const program = Buffer.alloc(32)
  const shared = { ...rig, policy, registry, program, known, log: silentLog }
  const board = await openStatusBoard({ ...shared, databaseUrl: rig.url })
  parts = { ...shared, board, policyFolder: folder }
  routes = [...policyRoutes(parts), ...policyOperatorRoutes(parts), ...policyServiceRoutes(parts)]
})
after(async () => {
  await parts.board.stop()
  await rig.close()
  await rm(folder, { recursive: true })
})

const operator: Caller = {
  kind: 'operator',
  id: 'local',
  level: 'full',
  sessionId: null,
  workspaceId: null,
  workspaceRole: null,
  staffRole: null,
  factors: [],
  provedAt: null,
  onBehalfOf: null,
  permissions: new Set(),
  ip: '',
  userAgent: '',
}

/** Calls a route as the front door would, and returns what a client reads. */
async function call(
  name: string,
  input: {
    readonly params?: object
    readonly query?: object
    readonly body?: object
    readonly as?: string
  } = {},
): Promise<unknown> {
  const [method, path] = name.split(' ')
  const found = routes.find((one) => one.method === method && one.path === path)
  assert.ok(found !== undefined, `there is no route ${name}`)
  const request = {
    requestId: 'test',
    caller: { ...operator, ...(input.as === undefined ? {} : { kind: 'account', id: input.as }) },
    params: found.input.params.parse(input.params ?? {}),
    query: found.input.query.parse(input.query ?? {}),
    body: found.input.body.parse(input.body ?? {}),
    raw: new Request('https://localhost/'),
  }
  // A list of routes hides what each takes; the schemas above have checked it.
  const reply: unknown = await found.handle(request as never)
  return JSON.parse(JSON.stringify(reply))
}

const summary = z.object({
  version: z.number(),
  counts: z.record(z.string(), z.number()),
  clauses: z.array(z.object({ id: z.string(), status: z.object({ word: z.string() }) })),
  chapters: z.array(z.unknown()),
})
const detail = z.object({
  sentence: z.string(),
  status: z.object({ word: z.string(), provedAt: z.string().nullable() }),
  parameters: z.array(
    z.object({
      name: z.string(),
      text: z.string(),
      weaker: z.string(),
      bounds: z.string().nullable(),
      pending: z.unknown(),
    }),
  ),
  controls: z.array(
    z.object({
      id: z.string(),
      history: z.array(z.unknown()),
      knownBadHistory: z.array(z.object({ asItShould: z.boolean() })),
    }),
  ),
})

test('the whole policy is read with a status for each of its 146 clauses, and the counts add up', async () => {
  const policy = summary.parse(await call('GET /api/policy'))
  assert.equal(policy.clauses.length, 146)
  assert.equal(policy.chapters.length, 16)
  assert.equal(
    Object.values(policy.counts).reduce((sum, some) => sum + some, 0),
    146,
  )
  assert.deepEqual(summary.parse(await call('GET /policy/list')).counts, policy.counts)
})

test('a check and a self-test asked for now prove the clause and stand in its history', async () => {
  rig.clock.advanceSeconds(10)
  await call('POST /api/policy/clauses/:id/check', { params: { id: 'P-b' } })
  await call('POST /api/policy/clauses/:id/self-test', { params: { id: 'P-b' } })
  rig.clock.advanceSeconds(10)
  const clause = detail.parse(await call('GET /api/policy/clauses/:id', { params: { id: 'P-b' } }))
  assert.equal(clause.status.word, 'PROVEN')
  assert.equal(clause.controls[0]?.history.length, 1)
  assert.equal(clause.controls[0]?.knownBadHistory[0]?.asItShould, true)
  const review = detail.parse(await call('GET /policy/show/:clause', { params: { clause: '14-a' } }))
  assert.deepEqual(review.parameters[0], {
    ...review.parameters[0],
    name: 'policy.review',
    text: '12 months',
    weaker: 'higher',
    bounds: 'a value from 30 days to 2 years',
    pending: null,
  })
})

test('all checks and all self-tests run from the command line', async () => {
  const runs = z.object({ runs: z.array(z.object({ asItShould: z.boolean(), kind: z.string() })) })
  const checks = runs.parse(await call('POST /checks/run', { body: { clause: 'all' } }))
  const tests = runs.parse(await call('POST /checks/self-test', { body: { clause: 'all' } }))
  assert.equal(checks.runs.length, policyControls.length)
  assert.ok([...checks.runs, ...tests.runs].every(({ asItShould }) => asItShould))
  assert.deepEqual(new Set(tests.runs.map(({ kind }) => kind)), new Set(['known-bad']))
})

test('a clause without a control cannot be run, an unknown one not be read', async () => {
  const unknown = (error: unknown): boolean => error instanceof Problem && error.code === 'resource.unknown'
  await assert.rejects(call('POST /checks/run', { body: { clause: '3.4-a' } }), unknown)
  await assert.rejects(call('GET /api/policy/clauses/:id', { params: { id: '99-z' } }), unknown)
})

test('the folder is compared, publishing follows, and the answer says what is announced and from when', async () => {
  assert.deepEqual(await call('GET /policy/diff'), { base: 1, changes: [] })
  const file = join(folder, '03-access-control.md')
  await writeFile(
    file,
    (await readFile(file, 'utf8')).replace('[30 minutes](set:session.idle)', '[1 hour](set:session.idle)'),
  )
  const draft = z.object({ changes: z.array(z.object({ clause: z.string(), direction: z.string() })) })
  assert.deepEqual(draft.parse(await call('GET /policy/diff')).changes, [
    { clause: '3.4-a', direction: 'weaker' },
  ])
  const published = z.object({
    version: z.number(),
    announced: z.array(z.object({ parameter: z.string(), effectiveAt: z.string() })),
  })
  const reply = published.parse(
    await call('POST /policy/publish', { body: { reason: 'Longer sessions', base: 1 } }),
  )
  assert.equal(reply.version, 2)
  assert.deepEqual(
    reply.announced.map(({ parameter }) => parameter),
    ['session.idle'],
  )
  const versions = z.object({
    versions: z.array(
      z.object({ version: z.number(), changes: z.array(z.object({ effectiveAt: z.string() })) }),
    ),
  })
  const [newest] = versions.parse(await call('GET /api/policy/versions')).versions
  assert.equal(newest?.version, 2)
  assert.equal(newest?.changes[0]?.effectiveAt, reply.announced[0]?.effectiveAt)
})

test('lint findings name their clauses and proposed words, for the published text and for the folder', async () => {
  const findings = z.object({
    findings: z.array(z.object({ clauses: z.array(z.string()), proposed: z.string() })),
  })
  assert.ok(findings.parse(await call('GET /api/policy/lint')).findings.length >= 10)
  assert.ok(findings.parse(await call('GET /policy/lint', { query: {} })).findings.length >= 10)
})

test('a clause is explained: where it is enforced, what checks it, what would turn it red', async () => {
  const explained = z.object({
    turnsRed: z.array(z.string()),
    controls: z.array(z.object({ enforcedIn: z.array(z.string()), looks: z.string() })),
  })
  const found = explained.parse(await call('GET /policy/explain/:clause', { params: { clause: '14-a' } }))
  assert.equal(found.controls.length, 2)
  assert.equal(found.turnsRed.length, 4)
})

test('attestations are recorded by one person and approved by another, through the routes', async () => {
  const body = {
    clause: '7.1-a',
    kind: 'inherited',
    documentHash: 'ab'.repeat(32),
    documentTitle: 'Sample report',
    issuer: 'Sample provider',
    periodFrom: '2025-01-01',
    periodTo: '2025-12-31',
    expiresAt: '2026-12-31T00:00:00Z',
    anchorQuote: 'Guards are present at all hours.',
    anchorPlace: 'page 12',
    owner: 'one',
  }
  const id = z
    .object({ id: z.string() })
    .parse(await call('POST /api/policy/attestations', { body, as: 'one' })).id
  const path = 'POST /api/policy/attestations/:id/approve'
  await assert.rejects(call(path, { params: { id }, as: 'one' }), /access\.denied/)
  await call(path, { params: { id }, as: 'two' })
  rig.clock.advanceSeconds(10)
  const clause = detail.parse(await call('GET /api/policy/clauses/:id', { params: { id: '7.1-a' } }))
  assert.equal(clause.status.word, 'INHERITED')
})

test('the protected service reads every value in force with its words and unit', async () => {
  const reply = z.object({ version: z.number(), values: z.record(z.string(), z.unknown()) })
  const { version, values } = reply.parse(await call('GET /v1/policy'))
  assert.equal(version, parts.policy.version())
  assert.equal(Object.keys(values).length, sampleParameters.length)
  assert.deepEqual(values['session.idle'], { value: 1800, text: '30 minutes', unit: 'seconds' })
})

test('what a route is not told to expect is refused', async () => {
  await assert.rejects(call('POST /policy/publish', { body: { reason: ' ' } }))
  await assert.rejects(call('POST /policy/publish', { body: { reason: 'A reason', force: true } }))
  await assert.rejects(call('POST /checks/run', { body: {} }))
})

test('an exception that was accepted covers its clause until its end', async () => {
  const until = new Date(rig.clock.now().getTime() + 86_400_000).toISOString()
  await call('POST /policy/exceptions', { body: { clause: '3.4-b', reason: 'A sample.', until } })
  rig.clock.advanceSeconds(10)
  const word = async (): Promise<string> =>
    detail.parse(await call('GET /api/policy/clauses/:id', { params: { id: '3.4-b' } })).status.word
  assert.equal(await word(), 'EXCEPTION')
  rig.clock.advanceSeconds(86_400)
  assert.equal(await word(), 'UNPROVEN')
})
