import { hash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { normalisePassword } from './password-rule.ts'

/** What was asked of the stand-in for the service. */
export interface RangeAsked {
  readonly path: string
  readonly padding: string | undefined
}

/** How the stand-in behaves. */
export type RangeMood = 'well' | 'error' | 'portal' | 'endless' | 'silent' | 'empty'

/** A stand-in for the service for breached passwords, on loopback, that lists what it is given. */
export async function rangeService(listed: readonly string[]) {
  const hashes = listed.map((one) => hash('sha1', normalisePassword(one), 'hex').toUpperCase())
  const asked: RangeAsked[] = []
  let mood: RangeMood = 'well'
  const server = createServer((request, reply) => {
    const path = request.url ?? ''
    asked.push({ path, padding: request.headers['add-padding'] as string | undefined })
    if (mood === 'silent') return
    if (mood === 'error') reply.writeHead(503)
    reply.end(said(path.slice(1)))
  })
  const said = (prefix: string): string => {
    if (mood === 'portal') return '<html>Sign in to this network</html>'
    if (mood === 'endless') return `${'0'.repeat(35)}:1\r\n`.repeat(20_000)
    if (mood !== 'well') return ''
    const rows = hashes.filter((one) => one.startsWith(prefix)).map((one) => `${one.slice(5)}:3`)
    // Padding rows have the count 0.
    return [`${'0'.repeat(35)}:0`, `${'A'.repeat(35)}:12`, ...rows].join('\r\n')
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    asked,
    setMood: (next: RangeMood): void => {
      mood = next
    },
    close: async (): Promise<void> => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
