import type { RuleSet } from '#waf'
import type { Figure } from './figure.ts'
import { openLibmodsecurity, type Libmodsecurity } from './libmodsecurity.ts'
import { measureLoad } from './waf-load.ts'
import { look } from './waf-look.ts'
import { attack, sampleRequests, type SampleRequest } from './waf-requests.ts'
import { loadPaths, NO_RULES, rulePaths } from './waf-rules.ts'

/** Long enough that memory is collected in every round, and short enough that some round is left in peace; the same for both sides. */
const ROUND_MICROSECONDS = 60_000
const ROUNDS = 30

/** Processor time of one request through the Core Rule Set at paranoia level 1, phases 1 to 5, and loading it, beside libmodsecurity. */
export async function waf(show: (figure: Figure) => void): Promise<void> {
  const paths = rulePaths()
  if (paths === null) return console.log(NO_RULES)
  const set = loadPaths(paths)
  if (look(set, attack()) === null) throw new Error('the rules do not stop an attack')
  const peer = await openLibmodsecurity(paths)
  try {
    if (peer !== null) await showPeerAtWork(peer)
    await measureLoad(show, peer)
    for (const request of sampleRequests()) {
      const ours = measure(set, request)
      const { what, microsecondsMax } = request
      show({ what, ours, unit: 'us CPU', beside: { kind: 'limit', value: microsecondsMax } })
      if (peer !== null) await beside(show, peer, request, ours)
    }
  } finally {
    await peer?.remove()
  }
}

async function showPeerAtWork(peer: Libmodsecurity): Promise<void> {
  const { stopped } = await peer.measure(attack(), { batches: 1, each: 1 })
  if (stopped !== 1) throw new Error('libmodsecurity does not stop an attack')
}

async function beside(
  show: (figure: Figure) => void,
  peer: Libmodsecurity,
  request: SampleRequest,
  ours: number,
): Promise<void> {
  const { microseconds: about } = await peer.measure(request, { batches: 2, each: 5 })
  const each = Math.max(2, Math.round(ROUND_MICROSECONDS / about))
  const { microseconds, stopped } = await peer.measure(request, { batches: ROUNDS, each })
  if (stopped !== 0) throw new Error(`libmodsecurity stops ${request.what}`)
  const name = 'libmodsecurity'
  show({ what: '  beside', ours, unit: 'us CPU', beside: { kind: 'peer', name, value: microseconds } })
}

/** The best of many rounds: what else runs on the machine only ever adds. */
function measure(set: RuleSet, request: SampleRequest): number {
  for (let warm = 0; warm < 300; warm++) {
    const stopped = look(set, request)
    if (stopped !== null) throw new Error(`${request.what}: stopped: ${stopped}`)
  }
  const each = Math.max(2, Math.round(ROUND_MICROSECONDS / oneRound(set, request, 5)))
  return Math.min(...Array.from({ length: ROUNDS }, () => oneRound(set, request, each)))
}

function oneRound(set: RuleSet, request: SampleRequest, each: number): number {
  const began = process.cpuUsage()
  for (let at = 0; at < each; at++) look(set, request)
  const { user, system } = process.cpuUsage(began)
  return (user + system) / each
}
