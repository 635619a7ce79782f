import { secondsAfter, type Clock } from '../kernel/clock.ts'
import { newId } from '../kernel/id.ts'
import { errorRecord, type Log } from '../kernel/log.ts'
import type { Parameter, PolicyReader } from '../kernel/parameter.ts'
import { Problem } from '../kernel/problem.ts'
import { listenFor } from '../db/index.ts'
import type { CompiledPolicy } from './compile.ts'
import { nextEffective, textsOf, valuesInForce, type InForceValues } from './in-force-values.ts'
import { compileText, loadSigned, type PublishedDeps, type SignedPolicy } from './published.ts'
import { forgetProcesses, storeReport } from './queries.ts'
import { valuesHash } from './version-statement.ts'

/** How often a process looks for itself, in case a notice was lost; well below the 60 seconds promised. */
const RELOAD_SECONDS = 30

/** The policy that this process obeys, kept up to date while it runs. */
export interface LivePolicy extends PolicyReader {
  /** The newest published text. */
  text(): CompiledPolicy
  /** Every value in force, and those announced. */
  values(): InForceValues
  /** When the newest version was published. */
  publishedAt(): Date
  /** Looks at the database now; keeps the last good version and throws when what is stored does not verify. */
  reload(): Promise<void>
  stop(): Promise<void>
}

/** What a reader needs; `role` says which process it is, `reloadSeconds` is for tests. */
export interface LivePolicyDeps extends PublishedDeps {
  readonly databaseUrl: string
  readonly clock: Clock
  readonly log: Log
  readonly role: string
  readonly reloadSeconds?: number
}

interface Held {
  readonly signed: SignedPolicy
  readonly compiled: CompiledPolicy
  readonly values: InForceValues
  readonly nextAt: Date | null
}

/**
 * Opens the policy in force: follows publications by notice and every 30 seconds, brings announced values into force
 * when their time has come, and reports what it obeys. Throws `policy.unsigned` when the stored policy does not verify
 * and `service.starting` when nothing was published: a process without a policy does not serve.
 */
export async function openLivePolicy(deps: LivePolicyDeps): Promise<LivePolicy> {
  const callbacks = new Set<() => void>()
  const process = newId(deps.clock)
  let held = await load(deps)

  const hold = (next: Held): void => {
    const before = held
    held = next
    const texts = (of: Held): string => JSON.stringify(textsOf(of.values))
    const changed = before.signed.newest.number !== next.signed.newest.number || texts(before) !== texts(next)
    if (changed) for (const callback of callbacks) callback()
  }
  const current = (): Held => {
    if (held.nextAt !== null && held.nextAt <= deps.clock.now())
      hold(withValues(deps, held.signed, held.compiled))
    return held
  }
  const reload = async (): Promise<void> => {
    const next = await load(deps)
    if (next.signed.newest.number < held.signed.newest.number)
      throw new Problem('policy.unsigned', `Version ${held.signed.newest.number}, obeyed here, is gone.`)
    hold(next)
    await report(deps, process, held)
  }
  await report(deps, process, held)
  const stopFollowing = await follow(deps, reload)
  return {
    read: <Value>(wanted: Parameter<Value>): Value => {
      const found = current().values.get(wanted.name)
      if (found === undefined) throw new Error(`the policy has no value for ${wanted.name}`)
      // The value was read by the parameter of this name, so it has that parameter's type.
      return found.value as Value
    },
    version: () => current().signed.newest.number,
    onChange: (callback) => {
      callbacks.add(callback)
      return () => void callbacks.delete(callback)
    },
    text: () => current().compiled,
    values: () => current().values,
    publishedAt: () => current().signed.newest.publishedAt,
    reload,
    stop: async () => {
      await stopFollowing()
      await forgetProcesses(deps.db, { process })
    },
  }
}

async function load(deps: LivePolicyDeps): Promise<Held> {
  const signed = await loadSigned(deps)
  if (signed === null) throw new Problem('service.starting', 'No policy has been published yet.')
  return withValues(deps, signed, compileText(signed.files, deps.parameters))
}

function withValues(deps: LivePolicyDeps, signed: SignedPolicy, compiled: CompiledPolicy): Held {
  const values = valuesInForce(signed.versions, deps.parameters, deps.clock.now())
  const lacking = deps.parameters.filter(({ name }) => !values.has(name))
  if (lacking.length > 0)
    throw new Problem(
      'policy.malformed',
      `There is no value for ${lacking.map(({ name }) => name).join(', ')}.`,
    )
  return { signed, compiled, values, nextAt: nextEffective(values) }
}

async function report(deps: LivePolicyDeps, process: string, held: Held): Promise<void> {
  const valueTexts = textsOf(held.values)
  await storeReport(deps.db, {
    process,
    role: deps.role,
    version: held.signed.newest.number,
    valuesHash: valuesHash(valueTexts),
    valueTexts,
    seenAt: deps.clock.now(),
  })
  await forgetProcesses(deps.db, { before: secondsAfter(deps.clock.now(), -3600) })
}

/** Reloads at each notice, after a lost connection and by the timer; a failure keeps the last good version. */
async function follow(deps: LivePolicyDeps, reload: () => Promise<void>): Promise<() => Promise<void>> {
  let running: Promise<void> = Promise.resolve()
  const again = (): void => {
    running = running
      .then(reload)
      .catch((error: unknown) =>
        deps.log.error(errorRecord(error), 'policy not reloaded, the last good one holds'),
      )
  }
  const stopListening = await listenFor(
    deps.databaseUrl,
    { policy_changed: again },
    {
      reconnected: again,
      lost: (error) => deps.log.warn(errorRecord(error), 'policy notices interrupted'),
    },
  )
  const timer = setInterval(again, (deps.reloadSeconds ?? RELOAD_SECONDS) * 1000)
  return async () => {
    clearInterval(timer)
    await stopListening()
    await running
  }
}
