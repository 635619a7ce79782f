import { runWord, type Run } from './clause-lines.ts'
import { UsageError, type Call, type Command, type Outcome } from './command.ts'
import { columns, many } from './plain-text.ts'

/** Every control of the policy at once, some of which look around for a while. */
const ALL_MS = 20 * 60_000

type RunRoute = 'POST /checks/run' | 'POST /checks/self-test'

/** A command that runs the controls of one clause, or all, and shows what they saw. */
export function runCommand(name: string, says: string, route: RunRoute): Command {
  return {
    name,
    takes: 'CLAUSE | --all',
    says,
    words: { min: 0, max: 1 },
    flags: { all: { says: 'every control there is' } },
    run: (call) => runControls(name, call, route),
  }
}

async function runControls(name: string, call: Call, route: RunRoute): Promise<Outcome> {
  const [clause] = call.words
  if ((clause === undefined) === !call.has('all'))
    throw new UsageError(`Usage: surety ${name} CLAUSE, or surety ${name} --all`)
  const { runs } = await call.operator.call(route, { body: { clause: clause ?? 'all' }, waitMs: ALL_MS })
  const wrong = runs.filter(({ asItShould }) => !asItShould).length
  const total =
    wrong === 0
      ? `${many(runs.length, 'run')}, each as it must be.`
      : `${many(runs.length, 'run')}, ${wrong} of them not as ${wrong === 1 ? 'it' : 'they'} must be.`
  return { ok: wrong === 0, json: { runs }, lines: [...columns(runs.map(rowOf)), total] }
}

function rowOf(run: Run): string[] {
  return [run.asItShould ? 'ok' : 'RED', run.control, `${runWord(run)}: ${run.saw}`]
}
