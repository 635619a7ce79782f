/** The process that `gateway` measures: the whole gateway with the rules at paranoia level 1 before `UPSTREAM`; says when it listens. */
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openGateway } from '../platform/gateway/gateway.fixture.ts'
import { loadPaths, rulePaths } from './waf-rules.ts'

const [, , upstream = ''] = process.argv
const paths = rulePaths()
if (paths === null) throw new Error('there are no rules')
const rules = loadPaths(paths)
const folder = await mkdtemp(join(tmpdir(), 'surety-bench-'))
const gateway = await openGateway(folder, new URL(upstream), { for: () => rules, report: () => undefined })
process.on('disconnect', () => process.exit())
process.send?.(gateway.addresses.https.port)
