import type {
  blockListRoutes,
  firewallRoutes,
  gatewayRoutes,
  seenRoutes,
} from '../../../platform/gateway/index.ts'
import type { Contract } from '../../../platform/kernel/route.ts'
import type { Wire } from './wire.ts'

/** Traffic, what the firewall refused and why, its rules, limits and who is turned away. */
export type GatewayApi = Contract<ReturnType<typeof firewallRoutes>> &
  Contract<ReturnType<typeof blockListRoutes>> &
  Contract<ReturnType<typeof seenRoutes>> &
  Contract<ReturnType<typeof gatewayRoutes>>

/** The firewall as it is now. */
export type FirewallState = Wire<GatewayApi['GET /api/gateway/firewall']['reply']>
/** An exclusion of the reviewed file. */
export type StoredExclusion = FirewallState['exclusions'][number]
/** What passed the firewall in the last hour. */
export type FirewallTraffic = Wire<GatewayApi['GET /api/gateway/traffic']['reply']>
/** What was answered in the last hour. */
export type RequestsSeen = Wire<GatewayApi['GET /api/gateway/requests']['reply']>
/** A refusal as lists show it. */
export type RefusalRow = Wire<GatewayApi['GET /api/gateway/blocks']['reply']>['blocks'][number]
/** A refusal with its explanation. */
export type Refusal = Wire<GatewayApi['GET /api/gateway/blocks/:requestId']['reply']>
/** A rule that matched. */
export type RuleMatch = Refusal['matches'][number]
/** A value that a rule matched. */
export type MatchedValue = RuleMatch['matched'][number]
/** What an exclusion would do. */
export type DryRun = Wire<GatewayApi['POST /api/gateway/exclusions/dry-run']['reply']>
/** Rule and target pairs without which a refused request passes. */
export type Proposal = Wire<GatewayApi['POST /api/gateway/exclusions/propose']['reply']>
/** Every limit in force. */
export type Limits = Wire<GatewayApi['GET /api/gateway/limits']['reply']>
/** Somebody who is turned away. */
export type BlockedClient = Wire<GatewayApi['GET /api/gateway/block-list']['reply']>['blocks'][number]
/** Whether everything that was answered left its line and its event. */
export type Completeness = Wire<GatewayApi['GET /api/gateway/completeness']['reply']>
