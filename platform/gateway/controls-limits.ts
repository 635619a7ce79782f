import { DAY } from '../kernel/clock.ts'
import { localProgram } from '../kernel/caller.ts'
import { control, type Observation } from '../kernel/control.ts'
import { newId } from '../kernel/id.ts'
import { policyWith } from '../kernel/parameter.ts'
import { probeAddressHere } from '../kernel/probe-address.ts'
import { accountRate, networkRate, signInRate, workspaceRate } from './parameters.ts'
import { burst, fetchHttp1, type ProbeTarget } from './probe.ts'
import { runningTarget, withTwin, type GatewaySystem } from './twin.ts'

/** A path that anybody may read, with a budget of its own that is wider than what is tried here. */
const CANARY = '/.well-known/jwks.json'

/** A small limit stands for the published one: thousands of requests at once would be a flood of our own. */
const NETWORK_LIMIT = 60
const MORE = 5

interface FloodSeen {
  readonly served: number
  readonly refused: number
}

async function flood(system: GatewaySystem, networkLimit: number): Promise<FloodSeen> {
  const policy = policyWith({ [networkRate.name]: networkLimit }, system.policy)
  const answers = await withTwin(system, { policy }, (target) => burst(target, CANARY, NETWORK_LIMIT + MORE))
  const refused = answers.filter(
    ({ status, headers }) =>
      status === 429 &&
      Number(headers['retry-after']) > 0 &&
      String(headers['ratelimit-policy']).startsWith('"network"'),
  )
  return { served: answers.filter(({ status }) => status === 200).length, refused: refused.length }
}

interface TurnedAwaySeen {
  readonly before: number
  readonly during: number
  readonly after: number
}

/** Asks before a block, while it lasts and after it was lifted, from an address that is blocked for that. */
async function turnAway(system: GatewaySystem, target: ProbeTarget): Promise<TurnedAwaySeen | null> {
  const localAddress = probeAddressHere()
  if (localAddress === undefined) return null
  const ask = async (): Promise<number> => (await fetchHttp1(target, CANARY, { localAddress })).status
  const by = { requestId: newId(system.clock), caller: localProgram('operator', 'gateway.check') }
  const reason = 'the check of 4.1-d blocks an address of its own'
  const before = await ask()
  const { id } = await system.blockList.block(by, {
    kind: 'network',
    subject: localAddress,
    reason,
    seconds: 60,
  })
  try {
    const during = await ask()
    await system.blockList.lift(by, id)
    return { before, during, after: await ask() }
  } catch (error) {
    // A probe that fails must not leave its block behind; lifted twice it is refused.
    await system.blockList.lift(by, id).catch(() => {})
    throw error
  }
}

function observation(
  { served, refused }: FloodSeen,
  seen: TurnedAwaySeen | null,
  limits: Readonly<Record<string, number>>,
): Observation {
  const floodRight = served === NETWORK_LIMIT && refused === MORE
  const listRight = seen === null || (seen.before === 200 && seen.during === 403 && seen.after === 200)
  const list =
    seen === null
      ? 'this system has no address of its own to block'
      : `a blocked address was answered ${seen.before} before, ${seen.during} during and ${seen.after} after the block`
  return {
    result: floodRight && listRight ? 'pass' : 'fail',
    saw: `With a limit of ${NETWORK_LIMIT} for one network ${served} of ${NETWORK_LIMIT + MORE} requests were served and ${refused} refused with 429 and Retry-After; ${list}.`,
    metrics: { ...limits, served, refused, during: seen?.during ?? 'unknown' },
    scope: {
      count: seen === null ? 1 : 2,
      coverage: seen === null ? 0.5 : 1,
      of: 'ways in which floods are turned away',
    },
  }
}

function limitsOf({ policy }: GatewaySystem): Readonly<Record<string, number>> {
  const all = { network: networkRate, account: accountRate, workspace: workspaceRate, signIn: signInRate }
  return Object.fromEntries(Object.entries(all).map(([name, one]) => [name, policy.read(one)]))
}

const limits = control<GatewaySystem>({
  id: 'limits',
  clauses: ['4.1-d'],
  reads: [networkRate, accountRate, workspaceRate, signInRate],
  everySeconds: DAY,
  enforcedIn: ['platform/gateway/rates.ts', 'platform/gateway/edge.ts', 'platform/gateway/block-list/'],
  looks:
    'Floods a second listener of this gateway from one network, and blocks an address of its own at the running one.',
  breaks: 'Floods a listener whose limit is a hundred times as high, and asks where the list is not read.',
  check: async (system) =>
    observation(
      await flood(system, NETWORK_LIMIT),
      await turnAway(system, runningTarget(system)),
      limitsOf(system),
    ),
  knownBad: async (system) => {
    const seen = await flood(system, NETWORK_LIMIT * 100)
    const away = await withTwin(system, {}, (target) => turnAway(system, target))
    return observation(seen, away, limitsOf(system))
  },
})

/** Chapter 4.1-d: the rate of requests is limited. */
export const limitControls = [limits] as const
