import { setTimeout as pause } from 'node:timers/promises'
import { CommandError, type Call, type Command, type Outcome } from '../command.ts'
import { openGateway, type Gateway } from '../gateway.ts'
import { openInbox, type Inbox } from '../inbox.ts'
import { many } from '../plain-text.ts'
import { playScenario, type Played } from '../sample/scenario.ts'
import { watchInbox, type Seen } from '../sample/watch.ts'
import { sampleChannel, sampleRules } from '../sample/workspace.ts'

/** Seconds between two acts: about 40 s in all. */
const BEAT_SECONDS = 2.8
/** How long the last replies may take. */
const SETTLE_MS = 3000
/** How long removed data may take to be gone from the service. */
const PURGE_MS = 6 * 60_000

/** `surety demo`: fills a workspace marked sample through the public doors, and plays a provider. */
export const demo: Command = {
  name: 'demo',
  takes: '',
  says: 'fill a workspace marked sample and play a provider, about 40 s; --remove leaves nothing of it',
  words: { min: 0, max: 0 },
  flags: { remove: { says: 'remove every sample workspace' } },
  run: async (call) => {
    refuseRealProvider(call)
    const gateway = openGateway(call.config)
    try {
      return await (call.has('remove') ? remove(call, gateway) : play(call, gateway))
    } finally {
      gateway.close()
    }
  },
}

/** Sample numbers must never reach a real provider. */
function refuseRealProvider({ config }: Call): void {
  if (config.UPSTREAM_URL !== '')
    throw new CommandError(
      'demo.no-inbox',
      'The sample is for Instant Reply; UPSTREAM_URL names another service.',
    )
  if (config.WHATSAPP_API_URL !== '')
    throw new CommandError(
      'demo.real-provider',
      'WHATSAPP_API_URL names a real provider; the sample runs with the local stand-in only.',
    )
}

async function play({ operator, say, now }: Call, gateway: Gateway): Promise<Outcome> {
  const { id, key } = await operator.call('POST /demo/workspace')
  const inbox = openInbox(gateway, key)
  say(`Sample workspace ${id}`)
  const provider = await sampleChannel(gateway, inbox)
  const made = await sampleRules(inbox)
  say(`Sample channel connected, ${many(made, 'automatic reply').replace(/replys$/, 'replies')} added`)
  if (!(await provider.register()))
    throw new CommandError('demo.registration', 'The channel did not answer the provider’s registration.')
  say('The provider registered the webhook')
  const watch = watchInbox(inbox, now, say)
  const played = await playScenario({ provider, watch, say, beatSeconds: BEAT_SECONDS })
  await pause(SETTLE_MS)
  await watch.look()
  return summary(id, gateway.origin, played, await watch.count())
}

function summary(workspace: string, origin: string, played: Played, seen: Seen): Outcome {
  const once = seen.incoming === played.delivered
  const blocked = played.forgedStatus === 401 || played.forgedStatus === 403
  const open = { inbox: `${origin}/console/`, trust: `${origin}/trust` }
  return {
    ok: once && blocked && played.silentAfterStop && seen.replies > 0 && seen.sentForReal === 0,
    json: { workspace, ...played, ...seen, eachMessageOnce: once, forgedBlocked: blocked, open },
    lines: [
      '',
      `${many(played.delivered, 'message')} sent, ${played.repeated} of them once more: ${seen.incoming} in the inbox${once ? '' : ', which is WRONG'}.`,
      `${seen.replies} automatic replies, all caught by the local stand-in: nothing left this machine.`,
      `The forged delivery was ${blocked ? 'blocked' : 'NOT BLOCKED'}; after STOP ${played.silentAfterStop ? 'nothing was sent until START' : 'a reply WAS SENT'}.`,
      `Open ${open.inbox} (choose the sample workspace) and ${open.trust}.`,
      'Remove it again with `surety demo --remove`.',
    ],
  }
}

async function remove({ operator, say }: Call, gateway: Gateway): Promise<Outcome> {
  // The key opens the sample workspace until it is gone, so that the service can be seen to hold nothing.
  const { key } = await operator.call('POST /demo/workspace')
  const inbox = openInbox(gateway, key)
  const paths = (await inbox.call('GET /inbox/channels')).channels.map(({ path }) => path)
  const { deleted } = await inbox.call('DELETE /inbox/workspace')
  const rows = Object.values(deleted).reduce((sum, count) => sum + count, 0)
  say(`Instant Reply deleted ${rows} rows`)
  const { removed } = await operator.call('POST /demo/remove')
  say(
    `Surety removed ${many(removed, 'sample workspace')} and destroyed ${removed === 1 ? 'its' : 'their'} keys`,
  )
  const left = await leftovers(gateway, inbox, paths)
  // Those that this key did not open cannot be looked into any more.
  const others = removed - 1
  return {
    ok: left.length === 0,
    json: { removed, rowsDeleted: rows, left },
    lines: [
      left.length === 0
        ? 'Nothing is left: the key opens nothing and the webhook has no address.'
        : `Still there: ${left.join(', ')}.`,
      ...(others > 0
        ? [`Instant Reply drops ${many(others, 'other sample workspace')} by itself within five minutes.`]
        : []),
      'Entries of the sample remain in the ledger, unreadable: their keys are destroyed.',
    ],
  }
}

/** What the public door still knows of a removed workspace, after the time that the service may take. */
async function leftovers(gateway: Gateway, inbox: Inbox, paths: readonly string[]): Promise<string[]> {
  const giveUpAt = performance.now() + PURGE_MS
  for (;;) {
    const hooks = await Promise.all(paths.map((path) => gateway.send({ method: 'GET', path })))
    const left = [
      ...paths.filter((_, at) => hooks[at]?.status !== 404),
      ...((await opens(inbox)) ? ['the API key'] : []),
    ]
    if (left.length === 0 || performance.now() > giveUpAt) return left
    await pause(2000)
  }
}

async function opens(inbox: Inbox): Promise<boolean> {
  try {
    await inbox.call('GET /inbox/channels')
    return true
  } catch (error) {
    if (error instanceof CommandError && error.code.startsWith('access.')) return false
    throw error
  }
}
