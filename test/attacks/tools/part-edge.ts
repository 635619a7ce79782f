import { join } from 'node:path'
import { startSystem } from '../../running-system.ts'
import { sqlmap, testssl } from './attackers.ts'
import { requireOpen, told } from './part-weak.ts'
import { answeredCounter, type Row, type Stage } from './stage.ts'
import { openTlsPipe } from './tls-pipe.ts'
import { startWeakService } from './weak-service.ts'

/** Attacks the weak service under the published limits: how far does a tool come that asks as fast as it can? */
export async function attackLimits({ folder, rules, seconds, tools }: Stage): Promise<Row[]> {
  if (tools.sqlmap === null) return []
  const weak = await startWeakService()
  try {
    const environment = { SURETY_RULES: rules, UPSTREAM_URL: weak.url, UPSTREAM_PUBLIC_PATHS: '/' }
    const system = await startSystem({ environment })
    const way = await openTlsPipe(system)
    try {
      const answered = answeredCounter(system.varFolder, /^service /)
      await requireOpen(system, '/search?q=lamp')
      await answered()
      const place = { target: '/search?q=lamp', field: 'q' }
      const found = await sqlmap(way, place, { folder, name: 'limits', seconds: seconds * 2 })
      const row = {
        run: 'published limits: sqlmap text',
        answered: await answered(),
        arrived: weak.arrivals().length,
        found,
        expected: found.findings.length === 0,
      }
      return [told(row)]
    } finally {
      await way.stop()
      await system.stop()
    }
  } finally {
    await weak.stop()
  }
}

/** Has testssl look at the gateway, whose local authority it is told to trust. */
export async function attackTls({ folder, rules, tools }: Stage): Promise<Row[]> {
  if (tools.testssl === null) return []
  const system = await startSystem({ environment: { SURETY_RULES: rules } })
  try {
    const authority = join(system.keysFolder, 'authority.pem')
    const found = await testssl(system.origin, { folder, seconds: 420, authority })
    const expected = found.findings.length === 0 && found.whole
    return [told({ run: 'testssl', answered: null, arrived: null, found, expected })]
  } finally {
    await system.stop()
  }
}
