import { counts, floorOf, weaknesses } from './effective.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { PolicyReader } from '../../kernel/parameter.ts'
import { wafRulesAge } from '../parameters.ts'
import type { OpenFirewall } from './open-firewall.ts'
import type { FileExclusion } from './reviewed-file.ts'

/** What the firewall is at this moment, for people. */
export function firewallState(firewall: OpenFirewall, policy: PolicyReader, clock: Clock) {
  const loaded = firewall.rules()
  const now = clock.now()
  const floor = floorOf(policy)
  const { defaults, routes } = firewall.file()
  return {
    /** Without rules every request passes unseen. */
    guards: loaded !== null,
    problem: firewall.problem(),
    policy: { ...floor, rulesAgeSeconds: policy.read(wafRulesAge) },
    set:
      loaded === null
        ? null
        : {
            version: loaded.manifest.version,
            fingerprint: loaded.manifest.fingerprint,
            source: loaded.manifest.source,
            fetchedAt: loaded.manifest.fetchedAt,
            comparedAt: loaded.manifest.comparedAt,
            newest: loaded.manifest.newest,
            rules: loaded.base.rulesLoaded,
            components: loaded.base.components,
          },
    since: firewall.since().toISOString(),
    variants: firewall.variants(),
    fileErrors: firewall.fileErrors(),
    defaults: firewall.effective('GET', '/'),
    routes: routes.map((route) => ({
      name: route.name,
      path: route.path,
      methods: route.methods,
      mode: route.mode ?? null,
      blockingParanoia: route.blockingParanoia ?? null,
      detectionParanoia: route.detectionParanoia ?? null,
      inboundThreshold: route.inboundThreshold ?? null,
      outboundThreshold: route.outboundThreshold ?? null,
      samplingPercent: route.samplingPercent ?? null,
      patched: route.patches.trim() !== '',
      /** In what it is weaker than the policy, and who answers for that. */
      weaker: weaknesses(floor, route),
      why: route.why ?? null,
      by: route.by ?? null,
      until: route.until ?? null,
      counts: route.until === undefined || counts(route.until, now),
    })),
    exclusions: [
      ...defaults.exclusions.map((one) => exclusionState(null, one, now)),
      ...routes.flatMap(({ name, exclusions }) => exclusions.map((one) => exclusionState(name, one, now))),
    ],
  }
}

function exclusionState(route: string | null, exclusion: FileExclusion, now: Date) {
  return { route, ...exclusion, counts: counts(exclusion.until, now) }
}
