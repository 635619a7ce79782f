import { setTimeout as pause } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import { openGateway } from '../cli/gateway.ts'
import { percentile, type Figure } from './figure.ts'
import { withSystem } from './running-system.ts'

const LIMIT_MS = 50
const LIMIT_KB = 50
const REQUESTS = 100
/** Ten visitors a second; the page is made anew once a second. */
const PAUSE_MS = 100

/** The trust page as visitors get it through the gateway: time on the server from its own request log, and bytes. */
export async function trust(show: (figure: Figure) => void): Promise<void> {
  await withSystem(async (system, { config }) => {
    const gateway = openGateway(config)
    const get = (encoding: string) =>
      gateway.send({ method: 'GET', path: '/trust', headers: { 'accept-encoding': encoding } })
    const packed = await get('gzip')
    const plain = await get('identity')
    if (packed.status !== 200 || plain.status !== 200) throw new Error(`/trust answers ${packed.status}`)
    if (packed.headers['content-encoding'] === 'gzip' && !gunzipSync(packed.body).includes('</html>'))
      throw new Error('the packed page is not whole')
    const before = serverTimes(system.said()).length
    const times: number[] = []
    for (let at = 0; at < REQUESTS; at += 1) {
      const began = performance.now()
      await get('gzip')
      times.push(performance.now() - began)
      await pause(PAUSE_MS)
    }
    gateway.close()
    const onServer = serverTimes(system.said()).slice(before)
    if (onServer.length < REQUESTS * 0.9)
      throw new Error(`the request log has ${onServer.length} lines for ${REQUESTS} requests`)
    const limit = { kind: 'limit', value: LIMIT_MS } as const
    const none = { kind: 'none' } as const
    show({
      what: `on the server, p50 of ${REQUESTS}`,
      ours: percentile(onServer, 0.5),
      unit: 'ms',
      beside: limit,
    })
    show({
      what: `on the server, p95 of ${REQUESTS}`,
      ours: percentile(onServer, 0.95),
      unit: 'ms',
      beside: limit,
    })
    show({ what: 'on the server, slowest', ours: Math.max(...onServer), unit: 'ms', beside: none })
    show({ what: 'at the visitor, p95', ours: percentile(times, 0.95), unit: 'ms', beside: none })
    const kilobytes = packed.body.length / 1000
    show({ what: 'page, gzip', ours: kilobytes, unit: 'kB', beside: { kind: 'limit', value: LIMIT_KB } })
    show({ what: 'page, as it is', ours: plain.body.length / 1000, unit: 'kB', beside: none })
  })
}

/** The milliseconds of every answered request for the page, as the gateway logged them. */
function serverTimes(said: string): number[] {
  return said.split('\n').flatMap((line) => {
    if (!line.includes('"route":"/trust"')) return []
    const { ms } = JSON.parse(line) as { readonly ms?: number }
    return ms === undefined ? [] : [ms]
  })
}
