import type { SignedHook, Surety } from '#client'
import { openSecret } from '../channels/channel.ts'
import { signedChannels, type SignedChannel } from '../channels/queries.ts'
import type { Core } from '../core.ts'
import { errorRecord } from '../kernel/log.ts'

/** What it takes to keep the gateway informed. */
export interface HookDeps extends Pick<Core, 'db' | 'vaults' | 'log'> {
  readonly surety: Pick<Surety, 'knownHooks' | 'tellHooks'>
}

/** Hooks told at once, as many as one call takes. */
const BATCH = 500

/** The provider's door for a channel. */
function hookPath(channel: string): string {
  return `/hooks/meta/${channel}`
}

/**
 * Makes the round that tells the gateway on which paths the provider signs, and with what: what changed since the last
 * round, and everything after the gateway was started again. A customer may then write whatever an attacker would.
 */
export function hookTeller(deps: HookDeps): () => Promise<void> {
  /** When each told channel was last changed. */
  const told = new Map<string, number>()
  let epoch = ''
  return async () => {
    const channels = await signedChannels(deps.db)
    if (channels.length === 0 && told.size === 0) return
    const known = await deps.surety.knownHooks()
    if (known.epoch !== epoch) told.clear()
    epoch = known.epoch
    const living = new Set(channels.map(({ id }) => id))
    const gone = [...told.keys()].filter((id) => !living.has(id))
    const changed = channels.filter(({ id, changed_at: at }) => told.get(id) !== at.getTime())
    for (let from = 0; from < Math.max(changed.length, gone.length); from += BATCH) {
      const batch = await hooksOf(deps, changed.slice(from, from + BATCH))
      const left = gone.slice(from, from + BATCH)
      const change = { hooks: batch.map(({ hook }) => hook), gone: left.map(hookPath) }
      if (change.hooks.length + change.gone.length === 0) continue
      await deps.surety.tellHooks(change)
      for (const { channel } of batch) told.set(channel.id, channel.changed_at.getTime())
      for (const id of left) told.delete(id)
    }
  }
}

/** A workspace whose keys cannot be had must not hold up the others; its channels are told in a later round. */
async function hooksOf(
  { vaults, log }: HookDeps,
  channels: readonly SignedChannel[],
): Promise<{ channel: SignedChannel; hook: SignedHook }[]> {
  const hooks: { channel: SignedChannel; hook: SignedHook }[] = []
  for (const channel of channels) {
    try {
      const secret = openSecret(await vaults(channel.workspace_id), channel, 'app_secret')
      if (secret === null) continue
      const way = { header: 'x-hub-signature-256', scheme: 'hmac-sha256', prefix: 'sha256=' } as const
      hooks.push({ channel, hook: { path: hookPath(channel.id), ...way, secrets: [secret] } })
    } catch (error) {
      log.warn({ workspace: channel.workspace_id, ...errorRecord(error) }, 'a signed hook is not known yet')
    }
  }
  return hooks
}
