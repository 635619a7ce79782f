import type { Caller } from '../../kernel/caller.ts'
import { Problem } from '../../kernel/problem.ts'
import type { BlockList } from './block-list.ts'

/** What the path of a request asks of the list. */
export type TurnedAway = Pick<BlockList, 'hasAddress' | 'hasCaller'>

/** For places that know no list: nobody is turned away. */
export const nobodyTurnedAway: TurnedAway = { hasAddress: () => false, hasCaller: () => false }

/** Refuses an address that is on the list, without saying why. Policy 4.1-d. */
export function refuseBlockedAddress(list: TurnedAway, address: string): void {
  if (list.hasAddress(address)) throw turnedAway()
}

/** Refuses a known caller that is on the list, from wherever it asks. Policy 4.1-d. */
export function refuseBlockedCaller(list: TurnedAway, caller: Caller): void {
  if (caller.kind !== 'anonymous' && list.hasCaller(caller)) throw turnedAway()
}

/** Whether an open stream of a caller must end. */
export function isTurnedAway(list: TurnedAway, address: string, caller: Caller): boolean {
  return list.hasAddress(address) || list.hasCaller(caller)
}

function turnedAway(): Problem {
  return new Problem('client.blocked', 'Requests from here are not served at the moment.')
}
