import { secondsBetween } from '../../kernel/clock.ts'
import type { Actor, AuditEvent } from '../../kernel/event.ts'
import { newId } from '../../kernel/id.ts'
import { Problem } from '../../kernel/problem.ts'
import type { KeyStoreParts } from '../key-parts.ts'
import { tenantLabel } from '../key-store.ts'
import { rewrapTenantKey } from '../keyring/queries.ts'
import { beginChange, noteMoved, notYetMoved, rootChanges, type RootChange } from './queries.ts'
import type { KeyRoot } from './root.ts'
import type { RootSet } from './root-set.ts'

/** What a change of the root key works with. */
export interface RootChangeParts extends Pick<KeyStoreParts, 'db' | 'keyring' | 'clock' | 'record'> {
  readonly root: RootSet
}

/** How many keys are moved at once. */
const BATCH = 200
/** A change that is younger than this is taken for one that still runs. */
const UNDER_WAY_SECONDS = 600

/** What a change came to. */
export interface ChangedRoot {
  readonly root: string
  readonly moved: number
}

/** Makes the next version of the root key where it is kept, and moves every key under it. Policy 2.3-a.1. */
export async function rotateRoot(parts: RootChangeParts, actor: Actor): Promise<ChangedRoot> {
  const note = { actor, type: 'root.rotated', to: parts.root } as const
  await noteChange(parts, note)
  return orTold(parts, note, async () => {
    await parts.root.rotate()
    return change(parts)
  })
}

/** Makes another root key the one that wraps, and moves every key under it; the old one still opens until all have moved. */
export async function moveToRoot(parts: RootChangeParts, next: KeyRoot, actor: Actor): Promise<ChangedRoot> {
  const { state, problem } = await next.health()
  if (state !== 'enabled')
    throw new Problem('encryption.root-disabled', problem ?? `The other root key is ${state}.`)
  const note = { actor, type: 'root.replaced', to: next } as const
  await noteChange(parts, note)
  return orTold(parts, note, async () => {
    parts.root.moveTo(next)
    return change(parts)
  })
}

/** Goes on with a change that a stop interrupted; nothing when there is none of the root key that wraps here. */
export async function resumeChange(parts: RootChangeParts): Promise<ChangedRoot | null> {
  const [last] = await rootChanges(parts.keyring, 1)
  // Whoever still runs under a former root key must not move keys back.
  if (last === undefined || last.finished_at !== null || last.root !== parts.root.fingerprint) return null
  return carryOut(parts, last)
}

interface ChangeNote {
  readonly actor: Actor
  readonly type: 'root.rotated' | 'root.replaced'
  readonly to: KeyRoot
}

/** The event comes before the change. Policy 2.3-b. */
async function noteChange(parts: RootChangeParts, note: ChangeNote): Promise<void> {
  const { db, record, keyring, clock } = parts
  const [last] = await rootChanges(keyring, 1)
  if (last?.finished_at === null && secondsBetween(last.started_at, clock.now()) < UNDER_WAY_SECONDS)
    throw new Problem('resource.conflict', 'Another change of the root key is under way.')
  await record?.(db, changeEvent(note, 'success'))
}

/** Does what was announced; what comes to nothing gets a second event. */
async function orTold<Result>(
  { db, record }: RootChangeParts,
  note: ChangeNote,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    // The failure itself is what the caller must hear of.
    await Promise.allSettled([record?.(db, changeEvent(note, 'failed'))])
    throw error
  }
}

function changeEvent({ actor, type, to }: ChangeNote, outcome: AuditEvent['outcome']): AuditEvent {
  return {
    type,
    tenant: null,
    actor,
    target: { kind: 'root-key', id: to.fingerprint },
    outcome,
    details: { provider: to.provider, name: to.id },
    request: null,
  }
}

async function change(parts: RootChangeParts): Promise<ChangedRoot> {
  const { keyring, clock, root } = parts
  const begun = { id: newId(clock), root: root.fingerprint, started_at: clock.now() }
  await beginChange(keyring, begun)
  return carryOut(parts, { ...begun, moved: 0, finished_at: null })
}

async function carryOut({ keyring, clock, root }: RootChangeParts, of: RootChange): Promise<ChangedRoot> {
  let { moved } = of
  for (;;) {
    const some = await notYetMoved(keyring, { root: of.root, before: of.started_at, most: BATCH })
    if (some.length === 0) break
    const wrapped = await root.rewrap(
      some.map((one) => ({ label: tenantLabel(one.tenant, one.version), wrapped: one.wrapped })),
    )
    let more = 0
    for (const [index, one] of some.entries()) {
      const bytes = wrapped[index]
      if (bytes === undefined) throw new Error('a root key returned fewer keys than it got')
      // A clock that was set back must not make what was moved look like what waits.
      const at = new Date(Math.max(clock.now().getTime(), of.started_at.getTime()))
      const to = { wrapped: bytes, root: of.root, wrapped_at: at }
      // Who was destroyed or replaced meanwhile is left alone and does not come again.
      if (await rewrapTenantKey(keyring, one, to)) more += 1
    }
    moved += more
    await noteMoved(keyring, of.id, more, null)
  }
  await noteMoved(keyring, of.id, 0, clock.now())
  return { root: of.root, moved }
}
