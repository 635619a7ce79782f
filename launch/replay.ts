/**
 * Replays recorded requests against the firewall's rules, with no running system: `node launch/replay.ts JSON`, where JSON
 * names the files. Prints one line of JSON, `replayed` or `refused`; `surety waf replay` shows it to people.
 */
import { WafError } from '#waf'
import { FirewallFileError, replayRecorded } from '../platform/gateway/index.ts'
import { systemClock } from '../platform/kernel/clock.ts'
import { ConfigError, readConfig } from '../platform/kernel/config.ts'
import { policyWith, type PolicyReader } from '../platform/kernel/parameter.ts'
import { Problem } from '../platform/kernel/problem.ts'
import { z } from '../platform/kernel/schema.ts'
import { parameters } from '../platform/modules.ts'
import { clauseCatalogue, compilePolicy, readPolicyFolder } from '../platform/policy/index.ts'

const order = z.strictObject({
  recorded: z.string(),
  rules: z.string(),
  changed: z.string(),
  propose: z.array(z.string()),
})

/** The values of the text in the policy folder. */
async function valuesOf(folder: string): Promise<PolicyReader> {
  const compiled = compilePolicy(await readPolicyFolder(folder), parameters, clauseCatalogue)
  if ('errors' in compiled)
    throw new Problem('policy.malformed', 'The policy text does not compile; see `surety policy lint`.')
  return policyWith(Object.fromEntries([...compiled.values].map(([name, { value }]) => [name, value])))
}

async function replay(text: string): Promise<object> {
  const config = readConfig(process.env)
  const given = order.parse(JSON.parse(text))
  const more = {
    varFolder: config.SURETY_VAR,
    file: config.SURETY_FIREWALL,
    rules: given.rules === '' ? config.SURETY_RULES : given.rules,
  }
  return replayRecorded({ ...given, ...more }, await valuesOf(config.SURETY_POLICY), systemClock)
}

/** What a refusal means to the person who reads it; an unexpected error is thrown on. */
function refusal(error: unknown): { code: string; message: string } {
  if (error instanceof ConfigError)
    return { code: 'config', message: `These settings cannot be used: ${error.refusals.join('; ')}` }
  if (error instanceof FirewallFileError || error instanceof WafError)
    return { code: 'firewall.unusable', message: error.message }
  if (error instanceof Problem) return { code: error.code, message: error.detail }
  throw error
}

const line = await replay(process.argv[2] ?? '{}').then(
  (replayed) => ({ replayed }),
  (error: unknown) => ({ refused: refusal(error) }),
)
process.stdout.write(`${JSON.stringify(line)}\n`)
