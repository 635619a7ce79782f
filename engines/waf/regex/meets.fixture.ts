import { START, type Needs } from '../operators/operator.ts'
import { has } from './byte-set.ts'
import { PLAIN } from './plain.ts'

/** Whether a value could match what has these needs, told in the plainest way. */
export function meets(value: string, needs: Needs | null): boolean {
  if (needs === null) return true
  const low = START + value.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase())
  const bytes = Array.from({ length: value.length }, (_, i) => value.charCodeAt(i))
  const isPlain = bytes.every((byte) => has(PLAIN, byte))
  const { plain } = needs
  return (
    value.length >= needs.lengthMin &&
    needs.bytes.every((set) => bytes.some((byte) => has(set, byte))) &&
    needs.literals.every((group) => group.some((literal) => low.includes(literal))) &&
    (!isPlain || plain === undefined || (plain?.some((literal) => low.includes(literal)) ?? false))
  )
}
