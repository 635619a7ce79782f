import { HOUR, secondsBetween } from '../../kernel/clock.ts'
import { control, type Observation } from '../../kernel/control.ts'
import { everyBreakFound } from '../../kernel/observed.ts'
import { probeAddressHere } from '../../kernel/probe-address.ts'
import { wafMode, wafParanoia, wafRulesAge, wafThreshold } from '../parameters.ts'
import { fetchHttp1, type ProbeTarget } from '../probe.ts'
import { runningTarget, withTwin, type GatewaySystem } from '../twin.ts'
import { ATTACKS, BENIGN, BROWSER, type Sample } from './corpus.ts'
import { counts, floorOf, variantOf, weaknesses } from './effective.ts'
import { noFirewall, type Firewall } from './firewall.ts'

/** Samples under way at once. */
const AT_ONCE = 10

/** The status of the firewall's refusals; nothing else answers so to somebody unknown. */
const REFUSED = 403

async function statuses(target: ProbeTarget, samples: readonly Sample[]): Promise<number[]> {
  const all: number[] = []
  for (let at = 0; at < samples.length; at += AT_ONCE)
    all.push(
      ...(await Promise.all(samples.slice(at, at + AT_ONCE).map((sample) => statusOf(target, sample)))),
    )
  return all
}

async function statusOf(
  target: ProbeTarget,
  { method, target: path, headers, body }: Sample,
): Promise<number> {
  const from = probeAddressHere()
  const length = body === null ? {} : { 'content-length': String(Buffer.byteLength(body)) }
  const { status } = await fetchHttp1(target, path, {
    method,
    headers: { ...BROWSER, ...length, ...headers },
    ...(body === null ? {} : { body }),
    ...(from === undefined ? {} : { localAddress: from }),
  })
  return status
}

function named(samples: readonly Sample[], which: readonly boolean[]): string {
  const ids = samples.filter((_, index) => which[index] === true).map(({ id }) => id)
  return ids.length === 0 ? '' : ` (${ids.slice(0, 5).join(', ')}${ids.length > 5 ? ', …' : ''})`
}

async function look(target: ProbeTarget, system: GatewaySystem): Promise<Observation> {
  const passed = (await statuses(target, ATTACKS)).map((status) => status !== REFUSED)
  const refused = (await statuses(target, BENIGN)).map((status) => status === REFUSED || status >= 500)
  const [through, wrongly] = [passed.filter(Boolean).length, refused.filter(Boolean).length]
  const standing = standingOf(system)
  const blocks = system.policy.read(wafMode) === 'block'
  // Where the text says that the firewall only reports, nothing may be refused.
  const right =
    (blocks ? through === 0 : through === ATTACKS.length) && wrongly === 0 && standing.faults.length === 0
  const count = ATTACKS.length + BENIGN.length
  return {
    result: right ? 'pass' : 'fail',
    saw: [
      `${ATTACKS.length - through} of ${ATTACKS.length} attacks were refused${named(ATTACKS, passed)} and ${BENIGN.length - wrongly} of ${BENIGN.length} ordinary requests let through${named(BENIGN, refused)}.`,
      standing.saw,
      ...standing.faults,
    ].join(' '),
    metrics: {
      ...standing.metrics,
      attacks: ATTACKS.length,
      blockRate: ratio(ATTACKS.length - through, ATTACKS.length),
      benign: BENIGN.length,
      falsePositiveRate: ratio(wrongly, BENIGN.length),
    },
    scope: { count, coverage: 1, of: 'requests of the corpus sent through the gateway' },
  }
}

interface Standing {
  readonly saw: string
  readonly faults: readonly string[]
  readonly metrics: Observation['metrics']
}

/** Rules, their age, and whether what counts is what the text says. */
function standingOf({ firewall, policy, clock }: GatewaySystem): Standing {
  const loaded = firewall.rules()
  if (loaded === null)
    return {
      saw: 'No rules are loaded.',
      faults: ['`surety rules update` fetches them.'],
      metrics: { rulesLoaded: 0, version: '' },
    }
  const { manifest, base } = loaded
  const ageSeconds = secondsBetween(new Date(manifest.comparedAt), clock.now())
  const ageDays = Math.floor(ageSeconds / 86_400)
  const general = firewall.effective('GET', '/')
  const weak = general === null ? ['everything'] : weaknesses(floorOf(policy), general)
  const { exceptions, exclusions } = exceptionsOf(firewall, policy, clock.now())
  return {
    saw: `Core Rule Set ${manifest.version}: ${base.rulesLoaded} rules at paranoia level ${general?.blockingParanoia ?? 0}, threshold ${general?.inboundThreshold ?? 0}; compared with their source ${ageDays} days ago; ${exceptions} exceptions and ${exclusions} exclusions in force.`,
    faults: [
      ...(ageSeconds > policy.read(wafRulesAge) ? ['That is longer ago than the text allows.'] : []),
      ...(weak.length > 0 ? [`Weaker than the text: ${weak.join(', ')}.`] : []),
    ],
    metrics: { rulesLoaded: base.rulesLoaded, version: manifest.version, ageDays, exceptions, exclusions },
  }
}

function exceptionsOf(
  firewall: GatewaySystem['firewall'],
  policy: GatewaySystem['policy'],
  now: Date,
): { readonly exceptions: number; readonly exclusions: number } {
  const { defaults, routes } = firewall.file()
  const floor = floorOf(policy)
  const alive = (until: string | undefined): boolean => until !== undefined && counts(until, now)
  return {
    exceptions: routes.filter((one) => alive(one.until) && weaknesses(floor, one).length > 0).length,
    exclusions: [defaults, ...routes].flatMap((one) => one.exclusions).filter(({ until }) => alive(until))
      .length,
  }
}

function ratio(part: number, whole: number): number {
  return Math.round((part / whole) * 1000) / 1000
}

/** The running rules without those against one class of attack. */
function withoutSql({ firewall }: GatewaySystem): Firewall {
  const general = firewall.effective('GET', '/')
  const sql = { rules: [{ from: 942_000, to: 942_999 }], tags: ['attack-sqli'], targets: [] }
  const rules =
    general === null
      ? null
      : (firewall.rules()?.base.variant({ ...variantOf(general), exclusions: [sql] }) ?? null)
  return { for: () => rules, report: () => {} }
}

/** The corpus against the running gateway. */
export const webApplicationFirewall = control<GatewaySystem>({
  id: 'web-application-firewall',
  clauses: ['4.1-a'],
  reads: [wafMode, wafParanoia, wafThreshold, wafRulesAge],
  everySeconds: HOUR,
  enforcedIn: [
    'platform/gateway/firewall/open-firewall.ts',
    'platform/gateway/firewall/guard.ts',
    'platform/gateway/firewall/effective.ts',
    'engines/waf/index.ts',
  ],
  looks:
    'Sends attacks of every class and ordinary requests through the gateway, and looks at the rules and their age.',
  breaks: 'Runs the same gateway without any rules, and with those against SQL injection taken out.',
  check: (of) => look(runningTarget(of), of),
  knownBad: async (of) => {
    const broken = (firewall: Firewall): Promise<Observation> =>
      withTwin(of, { firewall }, (target) => look(target, of))
    return everyBreakFound({
      'without any rules': await broken(noFirewall),
      'without the rules against SQL injection': await broken(withoutSql(of)),
    })
  },
})
