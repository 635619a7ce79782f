import { WafError, type Place } from '../waf-error.ts'
import { brief } from './lookup.ts'

/** What an argument belongs to, for the message of a refusal. */
export interface Owner {
  readonly code: 'action-argument' | 'syntax'
  readonly name: string
  readonly place: Place
}

/** Refuses the argument of a directive or action. */
export function refuse(owner: Owner, reason: string): never {
  throw new WafError(owner.code, `${owner.name}: ${reason}`, owner.place)
}

/** A whole number from `min` to `max`. */
export function integer(text: string, min: number, max: number, owner: Owner): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
  if (!(value >= min && value <= max)) refuse(owner, `${brief(text)} is not a number from ${min} to ${max}`)
  return value
}

/** One of some words, in any case. */
export function oneOf<Word extends string>(text: string, words: readonly Word[], owner: Owner): Word {
  const word = words.find((word) => word.toLowerCase() === text.toLowerCase())
  return word ?? refuse(owner, `${brief(text)} is none of ${words.join(', ')}`)
}

/** `On` or `Off`. */
export function onOff(text: string, owner: Owner): boolean {
  return oneOf(text, ['On', 'Off'], owner) === 'On'
}
