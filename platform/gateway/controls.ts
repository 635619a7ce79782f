import { declare, type Control, type Declaration } from '../kernel/control.ts'
import { apiControls } from './controls-api.ts'
import { webApplicationFirewall } from './firewall/control.ts'
import { limitControls } from './controls-limits.ts'
import { transportControls } from './controls-transport.ts'
import type { GatewaySystem } from './twin.ts'

/** What is observed of chapters 2.1 and 4. */
export const gatewayControls: readonly Control<GatewaySystem>[] = [
  ...transportControls,
  webApplicationFirewall,
  ...limitControls,
  ...apiControls,
]

/** The clauses of chapter 4 that no control proves, and why; 4.3-a.2 is observed by chapter 3. */
export const gatewayDeclarations: readonly Declaration[] = [
  ...declare('computed', ['4.1-0', '4.2-0'], 'Follows from the layers below it.'),
  ...declare(
    'unproven',
    ['4.1-b', '4.1-c'],
    'All parts run on one machine, on loopback and Unix sockets; no network between them is observed.',
  ),
  ...declare('unproven', ['4.2-a', '4.2-b', '4.2-c'], 'No detection reads the events yet.'),
  ...declare('unproven', ['4.2-d'], 'No rota of people on call is kept here yet.'),
  ...declare('unproven', ['4.3-b'], 'Refusals are recorded; nothing looks for unusual patterns in them yet.'),
]
