import type { ChannelRow } from '../channels/queries.ts'
import type { Core } from '../core.ts'

/** Why a delivery was turned away. */
export type RefusalReason = 'unsigned' | 'malformed' | 'other-number'

/** Counts refused deliveries, so that a flood of them becomes one event a minute for each channel and reason. */
export interface Refusals {
  note(channel: Pick<ChannelRow, 'workspace_id' | 'id'>, reason: RefusalReason): void
  /** Writes what was counted since the last time. Policy 8.1-e. */
  report(core: Pick<Core, 'db' | 'record'>): Promise<void>
}

interface Counted {
  readonly workspace: string
  readonly channel: string
  readonly reason: RefusalReason
  count: number
}

/** Opens the counters; they live in memory, a crash loses at most a minute of counts. */
export function openRefusals(): Refusals {
  let counted = new Map<string, Counted>()
  return {
    note: ({ workspace_id: workspace, id: channel }, reason) => {
      const key = `${channel} ${reason}`
      const known = counted.get(key) ?? { workspace, channel, reason, count: 0 }
      known.count++
      counted.set(key, known)
    },
    report: async ({ db, record }) => {
      const reported = counted
      counted = new Map()
      for (const { workspace, channel, reason, count } of reported.values())
        await record(db, {
          type: 'channel.delivery-refused',
          workspace,
          actor: { kind: 'anonymous', id: '' },
          target: { kind: 'channel', id: channel },
          outcome: 'refused',
          details: { reason, count },
        })
    },
  }
}
