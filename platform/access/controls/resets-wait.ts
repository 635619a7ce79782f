import { secondsAfter, secondsBetween } from '../../kernel/clock.ts'
import { Problem } from '../../kernel/problem.ts'
import { ownedFactors } from '../factors/owned.ts'
import { recoveryDelay } from '../parameters.ts'
import type { AccessParts } from '../parts.ts'
import { withTwin, type AccessSystem } from './observed-system.ts'
import { contextOfToken, enrolProbe, withProbe, type ProbePerson } from './probe-person.ts'

/**
 * What is wrong with a reset of a probe administrator's factors: one person alone must not do it, and two only after the
 * policy's time. The end of that time is seen by twins whose clocks stand ahead, and for this one reset only. Policy 3.1-0.
 */
export async function hastyReset(system: AccessSystem, broken: Partial<AccessParts> = {}): Promise<string[]> {
  return withProbe(system, (asking) =>
    withProbe(system, (agreeing) =>
      withProbe(system, (subject) => lookAtReset(system, broken, { asking, agreeing, subject }), 'admin'),
    ),
  )
}

interface People {
  readonly asking: ProbePerson
  readonly agreeing: ProbePerson
  readonly subject: ProbePerson
}

async function lookAtReset(
  system: AccessSystem,
  broken: Partial<AccessParts>,
  { asking, agreeing, subject }: People,
): Promise<string[]> {
  const { db, clock, policy } = system.parts
  const failures: string[] = []
  const signedIn = async (person: ProbePerson) =>
    contextOfToken(system, (await enrolProbe(system, person)).token)
  await enrolProbe(system, subject)
  const [first, second] = [await signedIn(asking), await signedIn(agreeing)]
  const delay = policy.read(recoveryDelay)
  const started = clock.now()
  const wish = { email: subject.email, reason: 'A check of the waiting time.' }
  const { id } = await withTwin(system, broken, async ({ resets }) => {
    const made = await resets.request(first, wish)
    const alone = await resets.approve(first, made.id).then(
      () => true,
      (error: unknown) => {
        if (error instanceof Problem) return false
        throw error
      },
    )
    if (alone) failures.push('one person reset the factors of another one alone')
    else await resets.approve(second, made.id)
    return made
  })
  const left = async (secondsAhead: number): Promise<number> => {
    const ahead = { now: () => secondsAfter(clock.now(), secondsAhead) }
    await withTwin(system, { ...broken, clock: ahead }, ({ resets }) => resets.runDue(id))
    return (await ownedFactors(db, subject.id)).length
  }
  const early = delay - 1 - secondsBetween(started, clock.now())
  if ((await left(early)) === 0)
    failures.push(`an administrator’s factors were reset before ${delay} seconds`)
  else if ((await left(delay)) > 0) failures.push(`after ${delay} seconds an agreed reset did not happen`)
  return failures
}
