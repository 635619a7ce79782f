import { HOUR } from '../kernel/clock.ts'
import {
  runningTarget,
  withTwin,
  type GatewaySystem,
  type ProbeAnswer,
  type ProbeTarget,
} from '../gateway/index.ts'
import { control, type Control, type Observation } from '../kernel/control.ts'
import { observed } from '../kernel/observed.ts'
import { ATTACK_CLASSES, requestsWith, SLEPT, type AttackClass } from './attack-classes.ts'
import { withBait, type Taken } from './bait.ts'
import { carelessPath, carelessRoutes } from './careless.ts'
import { forgeries, type FormProof } from './forgery.ts'
import { sendProbe, type ProbeRequest } from './send.ts'

/** What the control of injection observes. */
export interface InjectionSystem {
  readonly gate: GatewaySystem
  readonly form: FormProof
}

/** Requests under way at once. */
const AT_ONCE = 6

/** What came of the attacks of one class at one door. */
export interface ClassSeen {
  readonly sent: number
  /** Stopped by the firewall, before the program saw them. */
  readonly stopped: number
  readonly faults: readonly string[]
}

type Place = (payload: string) => readonly ProbeRequest[]

async function inTurn<Item, Result>(
  all: readonly Item[],
  use: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  for (let at = 0; at < all.length; at += AT_ONCE)
    results.push(...(await Promise.all(all.slice(at, at + AT_ONCE).map(use))))
  return results
}

/** Sends every payload of a class to every place, and says what an answer, the file or the listener gave away. */
async function tryClass(
  target: ProbeTarget,
  kind: AttackClass,
  place: Place,
  baited: { readonly payloads: readonly string[]; readonly taken: () => Promise<Taken> },
): Promise<ClassSeen> {
  const all = baited.payloads.flatMap((payload) => place(payload).map((request) => ({ payload, request })))
  const answers = await inTurn(all, async (one) => {
    const answer = await sendProbe(target, one.request)
    const slow = kind.fault(answer, one.payload) === SLEPT
    return { ...one, answer: slow ? await sendProbe(target, one.request) : answer }
  })
  const faults = answers.flatMap(({ payload, request, answer }) => {
    const fault = answer.status >= 500 ? `answered ${answer.status}` : kind.fault(answer, payload)
    return fault === null ? [] : [`${request.method} ${placeOf(request)}: ${fault}`]
  })
  const { file, address } = await baited.taken()
  if (file) faults.push('a command was run')
  if (address) faults.push('an address of the sender’s was asked')
  const stopped = answers.filter(({ answer }) => isStopped(answer)).length
  return { sent: answers.length, stopped, faults }
}

/** Without what was sent, so that no attack stands in what a check says. */
function placeOf({ path }: ProbeRequest): string {
  return path.split(/[?%]/, 1)[0]?.replace(/[^/\w.-].*$/, '') ?? ''
}

function isStopped({ status, body }: ProbeAnswer): boolean {
  return status === 403 && /firewall\.blocked|firewall stopped/.test(body)
}

async function tryAll(
  target: ProbeTarget,
  place: (kind: AttackClass) => Place,
): Promise<Map<string, ClassSeen>> {
  const seen = new Map<string, ClassSeen>()
  await withBait(async (bait, taken) => {
    for (const kind of ATTACK_CLASSES)
      seen.set(kind.name, await tryClass(target, kind, place(kind), { payloads: kind.payloads(bait), taken }))
  })
  return seen
}

async function look(system: InjectionSystem): Promise<Observation> {
  const through = await tryAll(runningTarget(system.gate), () => requestsWith)
  const behind = await withTwin(system.gate, {}, (target) => tryAll(target, () => requestsWith))
  const forged = await forgeries(system.gate, system.form)
  const faults = [
    ...[...through].flatMap(([name, { faults: all }]) =>
      all.map((fault) => `${name}, through the firewall: ${fault}`),
    ),
    ...[...behind].flatMap(([name, { faults: all }]) => all.map((fault) => `${name}, behind it: ${fault}`)),
    ...forged.faults.map((fault) => `CSRF: ${fault}`),
  ]
  const sum = (of: Map<string, ClassSeen>, what: 'sent' | 'stopped'): number =>
    [...of.values()].reduce((total, one) => total + one[what], 0)
  const [sent, stopped] = [sum(through, 'sent') + sum(behind, 'sent') + forged.sent, sum(through, 'stopped')]
  const metrics = {
    sent,
    stoppedByFirewall: stopped,
    ...Object.fromEntries(
      [...behind].map(([name, { sent: n, faults: all }]) => [`${name}Harmless`, `${n - all.length}/${n}`]),
    ),
    CSRFRefused: `${forged.sent - forged.faults.length}/${forged.sent}`,
  }
  const says = `${sent} attacks of ${ATTACK_CLASSES.length + 1} classes did no harm: the firewall stopped ${stopped}, and the program itself refused or encoded every one that was sent past it.`
  return observed(faults.slice(0, 5), says, metrics, { count: sent, coverage: 1, of: 'attacks sent' })
}

/** Every class against a route that makes its mistake, and forgeries against a door that asks for no proof: all must show. */
async function lookAtCareless(system: InjectionSystem): Promise<Observation> {
  const { gate } = system
  const seen = await withBait(async (bait, taken) =>
    withTwin(gate, { routes: carelessRoutes(bait) }, async (target) => {
      const found = new Map<string, ClassSeen>()
      for (const kind of ATTACK_CLASSES) {
        const place: Place = (payload) => [
          { method: 'GET', path: `${carelessPath(kind.name)}?value=${encodeURIComponent(payload)}` },
        ]
        found.set(kind.name, await tryClass(target, kind, place, { payloads: kind.payloads(bait), taken }))
      }
      return found
    }),
  )
  const forged = await forgeries(gate, { ...system.form, proves: () => true })
  const missed = [...seen].filter(([, { faults }]) => faults.length === 0).map(([name]) => name)
  if (forged.faults.length === 0) missed.push('CSRF')
  const classes = ATTACK_CLASSES.length + 1
  const metrics = { classes, missed: missed.length }
  const scope = { count: classes, coverage: 1, of: 'careless routes' }
  const saw = [...seen].map(([name, { faults }]) => `${name}: ${faults[0] ?? ''}`)
  return missed.length > 0
    ? { result: 'pass', saw: `not found: ${missed.join(', ')}`, metrics, scope }
    : { result: 'fail', saw: [...saw, `CSRF: ${forged.faults[0] ?? ''}`].join('; '), metrics, scope }
}

/** Policy 5.3-b: what people send never becomes a command, a query, a page or a header. */
export const injectionRefused: Control<InjectionSystem> = control({
  id: 'injection-refused',
  clauses: ['5.3-b'],
  reads: [],
  everySeconds: HOUR,
  enforcedIn: [
    'platform/gateway/route-checks.ts',
    'platform/gateway/headers.ts',
    'platform/gateway/cross-site.ts',
  ],
  looks: 'Sends attacks of eight classes through the firewall and past it, and reads what comes back.',
  breaks: 'Runs a twin with one careless route for each class: all must be found.',
  check: look,
  knownBad: lookAtCareless,
})
