import { setTimeout as pause } from 'node:timers/promises'
import { forged, type Delivery, type SampleContact, type SampleProvider } from './provider.ts'
import type { SampleWatch } from './watch.ts'

/** What the sample contacts sent, and what became of the deliveries that must not count. */
export interface Played {
  readonly delivered: number
  readonly repeated: number
  readonly repeatsAccepted: number
  readonly forgedStatus: number
  /** Whether the contact that said STOP was left alone until START. */
  readonly silentAfterStop: boolean
}

interface Scene {
  readonly provider: SampleProvider
  readonly watch: SampleWatch
  say(line: string): void
  /** Seconds between two acts. */
  readonly beatSeconds: number
}

/** Contacts of the sample workspace; 555-0100 to 555-0199 belong to nobody. */
export const sampleContacts: readonly SampleContact[] = Array.from({ length: 6 }, (_, at) => ({
  name: `Sample contact ${at + 1}`,
  phone: `1202555010${at + 1}`,
}))

/** How often one delivery is repeated at the same moment. */
const REPEATS = 5

/** Plays a provider: messages, repeated and forged deliveries, STOP, START and delivery notices. */
export async function playScenario(scene: Scene): Promise<Played> {
  const [first, second, third, fourth, fifth, sixth] = sampleContacts
  if (!first || !second || !third || !fourth || !fifth || !sixth) throw new Error('six contacts are needed')
  let delivered = 0
  const write = async (contact: SampleContact, text: string): Promise<Delivery> => {
    scene.say(`${contact.name} writes “${text}”`)
    const delivery = scene.provider.message(contact, text)
    await accepted(scene.provider, delivery)
    delivered += 1
    await beat(scene)
    return delivery
  }
  await write(first, 'Hello')
  const asked = await write(second, 'What are your opening hours?')
  const repeatsAccepted = await repeat(scene, asked)
  await write(third, 'What is the price?')
  const forgedStatus = await forge(scene, fourth)
  await write(fourth, 'Can I talk to a human?')
  await write(first, 'And the price?')
  await notices(scene, first)
  const lastReply = await scene.watch.newestReplyTo(third)
  await write(third, 'STOP')
  await write(third, 'What is the price?')
  await write(fifth, 'Are you open today?')
  await write(sixth, 'Hello')
  const silentAfterStop = (await scene.watch.newestReplyTo(third)) === lastReply
  await write(third, 'START')
  return { delivered, repeated: REPEATS, repeatsAccepted, forgedStatus, silentAfterStop }
}

/** Time for people to see it happen, and for replies to be shown as they come. */
async function beat({ watch, beatSeconds }: Scene): Promise<void> {
  const until = performance.now() + beatSeconds * 1000
  do {
    await pause(Math.min(750, beatSeconds * 1000))
    await watch.look()
  } while (performance.now() < until)
}

async function accepted(provider: SampleProvider, delivery: Delivery): Promise<void> {
  const { status } = await provider.send(delivery)
  if (status !== 200) throw new Error(`a signed delivery was answered with ${status}`)
}

/** A provider that is not sure of its success delivers again; every repeat is accepted, none counts. */
async function repeat(scene: Scene, delivery: Delivery): Promise<number> {
  scene.say(`The provider delivers that message ${REPEATS} times more, all at once`)
  const answers = await Promise.all(Array.from({ length: REPEATS }, () => scene.provider.send(delivery)))
  await beat(scene)
  return answers.filter(({ status }) => status === 200).length
}

async function forge(scene: Scene, contact: SampleContact): Promise<number> {
  const delivery = forged(scene.provider.message(contact, 'This message was never sent'))
  const { status } = await scene.provider.send(delivery)
  scene.say(
    `Somebody delivers a message with a wrong signature: ${status === 200 ? 'ACCEPTED' : `blocked (${status})`}`,
  )
  await beat(scene)
  return status
}

/** The provider tells that the newest reply to a contact arrived and was read. */
async function notices(scene: Scene, contact: SampleContact): Promise<void> {
  const message = await scene.watch.newestReplyTo(contact)
  if (message === null) return
  scene.say(`The provider tells that the reply to ${contact.name} was delivered and read`)
  for (const status of ['delivered', 'read'] as const)
    await accepted(scene.provider, scene.provider.status(contact, message, status))
}
