import { gunzipSync } from 'node:zlib'
import { openGateway } from '../cli/gateway.ts'
import { percentile, type Figure } from './figure.ts'
import { withSystem } from './running-system.ts'

const LIMIT_MS = 50
const LIMIT_KB = 50
const REQUESTS = 100

/** The trust page as a visitor gets it, over TLS and through the gateway. */
export async function trust(show: (figure: Figure) => void): Promise<void> {
  await withSystem(async (_, { config }) => {
    const gateway = openGateway(config)
    const get = (encoding: string) =>
      gateway.send({ method: 'GET', path: '/trust', headers: { 'accept-encoding': encoding } })
    const packed = await get('gzip')
    const plain = await get('identity')
    if (packed.status !== 200 || plain.status !== 200) throw new Error(`/trust answers ${packed.status}`)
    if (packed.headers['content-encoding'] === 'gzip' && !gunzipSync(packed.body).includes('</html>'))
      throw new Error('the packed page is not whole')
    const times: number[] = []
    for (let at = 0; at < REQUESTS; at += 1) {
      const began = performance.now()
      await get('gzip')
      times.push(performance.now() - began)
    }
    gateway.close()
    const limit = { kind: 'limit', value: LIMIT_MS } as const
    show({
      what: `answer over one connection, p50 of ${REQUESTS}`,
      ours: percentile(times, 0.5),
      unit: 'ms',
      beside: limit,
    })
    show({
      what: `answer over one connection, p95 of ${REQUESTS}`,
      ours: percentile(times, 0.95),
      unit: 'ms',
      beside: limit,
    })
    show({ what: 'slowest answer', ours: Math.max(...times), unit: 'ms', beside: limit })
    show({
      what: 'page, gzip',
      ours: packed.body.length / 1000,
      unit: 'kB',
      beside: { kind: 'limit', value: LIMIT_KB },
    })
    show({ what: 'page, as it is', ours: plain.body.length / 1000, unit: 'kB', beside: { kind: 'none' } })
  })
}
