import { decide } from '../platform/access/index.ts'
import { permissions, type Permission } from '../platform/kernel/permission.ts'
import {
  bitsOf,
  permissionSet,
  timedPermissionSet,
  type PermissionSet,
} from '../platform/kernel/permission-set.ts'
import type { Figure } from './figure.ts'

/** Decisions that one second of processor time must be good for. */
const PER_SECOND_LEAST = 5_000_000
const CALLS = 2_000_000
const ROUNDS = 5

type Ask = (permission: Permission) => boolean

/** Questions a processor second, in millions: the best of five rounds over every permission in turn. */
function millions(ask: Ask, wanted: readonly Permission[]): number {
  let allowed = 0
  const rounds = Array.from({ length: ROUNDS }, () => {
    const before = process.cpuUsage()
    for (let call = 0; call < CALLS; call += 1)
      if (ask(wanted[call % wanted.length] ?? 'public')) allowed += 1
    const spent = process.cpuUsage(before)
    return CALLS / (spent.user + spent.system)
  })
  if (allowed === 0) throw new Error('nothing was allowed: the wrong thing was measured')
  return Math.max(...rounds)
}

/** The one decision of who may do what, beside looking the same names up in a plain set. */
export async function decisions(show: (figure: Figure) => void): Promise<void> {
  const all = Object.keys(permissions) as Permission[]
  const half = all.filter((_, at) => at % 2 === 0)
  const asked = (held: PermissionSet): Ask => {
    const caller = { kind: 'account', level: 'full', permissions: held } as const
    return (permission) => decide(caller, permission, 'full').allow
  }
  const plain = new Set<Permission>(half)
  const peer = millions((permission) => plain.has(permission), all)
  const soon = Date.now() + 3_600_000
  const elevated = timedPermissionSet(
    [
      { bits: bitsOf(half), until: null },
      { bits: bitsOf(['policy.publish']), until: soon },
    ],
    () => new Date(),
  )
  const ours = millions(asked(permissionSet(bitsOf(half))), all)
  const timed = millions(asked(elevated), all)
  const figure = (what: string, value: number, beside: Figure['beside']): void =>
    show({ what, ours: value, unit: 'M/CPU-s', beside })
  figure('decisions', ours, { kind: 'peer', name: 'plain Set look-up', value: peer })
  figure('decisions with an elevation', timed, { kind: 'peer', name: 'plain Set look-up', value: peer })
  // Nanoseconds, because a limit is the most that a figure may be.
  const limit = { kind: 'limit', value: 1e9 / PER_SECOND_LEAST } as const
  show({ what: 'one decision', ours: 1000 / ours, unit: 'ns', beside: limit })
  show({ what: 'one decision with an elevation', ours: 1000 / timed, unit: 'ns', beside: limit })
}
