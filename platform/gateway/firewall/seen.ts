import type { Report } from '#waf'
import type { Clock } from '../../kernel/clock.ts'
import { errorRecord, type Log } from '../../kernel/log.ts'
import { isProbeAddress } from '../../kernel/probe-address.ts'
import type { AuditLog } from './audit-log.ts'
import type { BlockEvents } from './block-events.ts'
import type { Blocks } from './blocks.ts'
import { entryOf, readable } from './entry.ts'
import type { Firewall, Judged } from './firewall.ts'
import { sanitise } from './sanitise.ts'
import type { Traffic } from './traffic.ts'

/** Where what was seen goes to. */
export interface SeenParts {
  readonly clock: Clock
  readonly log: Log
  readonly traffic: Traffic
  readonly auditLog: Pick<AuditLog, 'write'>
  readonly blocks: Pick<Blocks, 'store'>
  readonly events: Pick<BlockEvents, 'blocked'>
  /** The set in use. */
  readonly fingerprint: () => string
}

/** Takes what was seen of each request: counts it, and keeps what the rules took notice of. The checks' own requests are not kept. */
export function openSeen(parts: SeenParts): Firewall['report'] {
  return (report, judged) => {
    if (isProbeAddress(judged.ip)) return
    try {
      take(parts, report, judged)
    } catch (error) {
      parts.log.error(errorRecord(error), 'what the firewall saw could not be kept')
    }
  }
}

function take(parts: SeenParts, report: Report, judged: Judged): void {
  const refused = report.blocked !== null || report.wouldBlock !== null
  const noticed = refused || report.audit.relevant || report.matches.some(({ log }) => log)
  if (!noticed) return parts.traffic.judged('clean', judged.ms)
  const entry = entryOf(report, judged, parts.clock.now(), parts.fingerprint())
  parts.traffic.judged(entry.outcome, judged.ms)
  parts.traffic.keep(entry)
  if (refused || report.audit.relevant) parts.auditLog.write(entry, report.audit.parts)
  if (!refused) return
  const from = { ip: judged.ip, userAgent: userAgentOf(judged) }
  parts.blocks.store(entry, from)
  parts.events.blocked(entry, from)
}

function userAgentOf({ head }: Judged): string {
  const at =
    head?.headers.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === 'user-agent') ?? -1
  return at < 0 ? '' : sanitise(readable(head?.headers[at + 1] ?? ''), 256)
}
