/** The process that `gateway` measures: the whole gateway with the rules at paranoia level 1 before `UPSTREAM`; says when it listens. */
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sampleAccess, testConfig } from '../platform/gateway/gateway.fixture.ts'
import { startGateway } from '../platform/gateway/index.ts'
import { changingPolicy, publishedValues } from '../platform/gateway/policy.fixture.ts'
import { systemClock } from '../platform/kernel/clock.ts'
import { silentLog } from '../platform/kernel/log.ts'
import { loadPaths, rulePaths } from './waf-rules.ts'

const [, , upstream = ''] = process.argv
const paths = rulePaths()
if (paths === null) throw new Error('there are no rules')
const rules = loadPaths(paths)
const folder = await mkdtemp(join(tmpdir(), 'surety-bench-'))
const plenty = 1_000_000_000
const gateway = await startGateway({
  config: { ...testConfig(folder), UPSTREAM_PUBLIC_PATHS: '/', LOG_LEVEL: 'silent' },
  clock: systemClock,
  // What one address may ask is counted as ever, and never used up.
  policy: changingPolicy({
    ...publishedValues,
    'api.rate': plenty,
    'rate.network': plenty,
    'rate.account': plenty,
    'rate.workspace': plenty,
  }).reader,
  log: silentLog,
  access: sampleAccess(),
  record: async () => undefined,
  routes: [],
  readiness: [],
  upstream: new URL(upstream),
  firewall: { for: () => rules, report: () => undefined },
  consoleFolder: join(folder, 'dist'),
  serviceSocket: join(folder, 'run', 's.sock'),
  operatorSocket: join(folder, 'run', 'o.sock'),
})
process.on('disconnect', () => process.exit())
process.send?.(gateway.addresses.https.port)
