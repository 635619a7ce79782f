import type { Needs } from '../operators/operator.ts'
import { has } from './byte-set.ts'

/** Whether a value could match what has these needs, told in the plainest way. */
export function meets(value: string, needs: Needs | null): boolean {
  if (needs === null) return true
  const low = value.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase())
  return (
    value.length >= needs.lengthMin &&
    needs.bytes.every((set) =>
      Array.from({ length: value.length }, (_, i) => value.charCodeAt(i)).some((byte) => has(set, byte)),
    ) &&
    needs.literals.every((group) => group.some((literal) => low.includes(literal)))
  )
}
