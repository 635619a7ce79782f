import { join } from 'node:path'
import type { Database } from '../../db/index.ts'
import type { TenantKeys } from '../../encryption/index.ts'
import { HOUR, secondsBetween, type Clock } from '../../kernel/clock.ts'
import type { Config } from '../../kernel/config.ts'
import type { AuditEvent } from '../../kernel/event.ts'
import type { Job } from '../../kernel/job.ts'
import { errorRecord, type Log } from '../../kernel/log.ts'
import type { PolicyReader } from '../../kernel/parameter.ts'
import { openAuditLog } from './audit-log.ts'
import { openBlockEvents } from './block-events.ts'
import { openBlocks, type Blocks } from './blocks.ts'
import { openEngineLoad } from './engine-load.ts'
import { openFirewall, type OpenFirewall } from './open-firewall.ts'
import { openRuleSource } from './rule-source.ts'
import { openRuleStore } from './rule-store.ts'
import type { FirewallRouteParts } from './routes.ts'
import { openSeen } from './seen.ts'
import { openTraffic } from './traffic.ts'

/** What the firewall's house is opened with. */
export interface HouseParts {
  readonly config: Pick<
    Config,
    'SURETY_VAR' | 'SURETY_RULES' | 'SURETY_FIREWALL' | 'RULES_UPDATE' | 'RULES_RELEASE'
  >
  readonly db: Database
  readonly keys: Pick<TenantKeys, 'sealText' | 'openText'>
  readonly clock: Clock
  readonly policy: PolicyReader
  readonly log: Log
  readonly record: (event: AuditEvent) => Promise<void>
}

/** The firewall with everything around it. */
export interface FirewallHouse {
  readonly firewall: OpenFirewall
  readonly parts: FirewallRouteParts & FirewallJobParts
  /** Lines for whoever started the system. */
  notes(): string[]
  /** Looks at folder and file now, as a signal asks for. */
  refresh(): void
  /** Begins to watch folder and file; fetches rules in the background when there are none. */
  start(): void
  stop(): Promise<void>
}

/** How often folder and file are looked at. */
const LOOK_MS = 5000
const COMPARE_SECONDS = 23 * HOUR

/** Opens the firewall, its log, its counts and its store. */
export async function openFirewallHouse(given: HouseParts): Promise<FirewallHouse> {
  const { config, db, keys, clock, policy, log } = given
  const complain = (error: unknown): void =>
    log.error(errorRecord(error), 'an event of the firewall is missing')
  const recordSoon = (event: AuditEvent): void => void given.record(event).catch(complain)
  const traffic = openTraffic(clock)
  const auditLog = openAuditLog(join(config.SURETY_VAR, 'log', 'firewall-audit.jsonl'), log)
  const blocks = openBlocks({ db, keys, clock, log })
  const events = openBlockEvents(clock, recordSoon)
  const fingerprint = (): string => firewall.rules()?.manifest.fingerprint ?? ''
  const opened = await openFirewall({
    clock,
    policy,
    log,
    load: openEngineLoad(join(config.SURETY_VAR, 'rules', 'patterns'), log),
    store: openRuleStore(join(config.SURETY_VAR, 'rules')),
    source: openRuleSource(config.RULES_RELEASE),
    folder: config.SURETY_RULES,
    file: config.SURETY_FIREWALL,
    record: given.record,
    report: openSeen({ clock, log, traffic, auditLog, blocks, events, fingerprint }),
  })
  const firewall: OpenFirewall = {
    ...opened,
    for: (method, path) => {
      const rules = opened.for(method, path)
      traffic.passed(rules !== null)
      return rules
    },
  }
  const watch = openWatch(given, firewall, events.sweep)
  return {
    firewall,
    parts: { updates: config.RULES_UPDATE === 'yes', db, clock, policy, firewall, traffic, blocks, auditLog },
    notes: () => (firewall.rules() === null ? [noteWithout(config)] : []),
    refresh: watch.refresh,
    start: watch.start,
    stop: async () => {
      watch.stop()
      firewall.stop()
      await auditLog.stop()
      await blocks.stop()
    },
  }
}

function noteWithout({ RULES_UPDATE }: HouseParts['config']): string {
  const rest = RULES_UPDATE === 'yes' ? 'they are being fetched' : 'run `surety rules update`'
  return `The firewall has no rules and lets every request pass (4.1-a fails): ${rest}.`
}

function openWatch({ config, log }: HouseParts, firewall: OpenFirewall, sweep: () => void) {
  let timer: NodeJS.Timeout | undefined
  const complain = (message: string) => (error: unknown) => log.error(errorRecord(error), message)
  const refresh = (): void =>
    void firewall.refresh().catch(complain('the firewall could not look at its rules and its file'))
  return {
    refresh,
    start: () => {
      timer = setInterval(() => {
        sweep()
        refresh()
      }, LOOK_MS)
      if (firewall.rules() === null && config.RULES_UPDATE === 'yes')
        firewall.update(null).catch(complain('no rules of the firewall could be fetched'))
    },
    stop: () => {
      clearInterval(timer)
      sweep()
    },
  }
}

interface FirewallJobParts {
  /** Whether the source may be asked. */
  readonly updates: boolean
  readonly clock: Clock
  readonly firewall: Pick<OpenFirewall, 'rules' | 'update' | 'compare'>
  readonly blocks: Pick<Blocks, 'expire'>
}

/** Removes old refusals, and has the rules compared with their source or fetched when there are none. */
export function firewallJobs({ updates, clock, firewall, blocks }: FirewallJobParts): readonly Job[] {
  return [
    {
      name: 'gateway.refusals-expire',
      cron: '41 * * * *',
      permission: 'system',
      event: { none: 'removes refusals after thirty days, as is documented' },
      run: async () => {
        await blocks.expire()
      },
    },
    {
      name: 'gateway.rules-compare',
      cron: '17 * * * *',
      permission: 'system',
      event: 'firewall.changed',
      // The next look comes in an hour.
      triesMax: 1,
      run: async () => {
        if (!updates) return
        const about = firewall.rules()?.manifest
        if (about === undefined) return firewall.update(null)
        const since = secondsBetween(new Date(about.comparedAt), clock.now())
        if (since > COMPARE_SECONDS) await firewall.compare()
      },
    },
  ]
}
