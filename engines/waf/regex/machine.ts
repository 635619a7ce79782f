import type { Bytes } from '../model.ts'
import { has, WORD } from './byte-set.ts'
import { MODES, OP, type Program } from './program.ts'

/** Where a search ended: at a match (with the registers), without one, or over its budget. */
export type Found = Int32Array | 'no-match' | 'over-budget'

const WORD_TABLE = Uint8Array.from({ length: 256 }, (_, byte) => Number(has(WORD, byte)))
const CHOICE_WORDS = 5
/** Words of a `loop` instruction. */
const LOOP_WORDS = 7
const PLAIN = 0
/** A greedy span that may give back bytes down to `bound`. */
const GREEDY = 1
/** A lazy span that may take more bytes up to `bound`. */
const LAZY = 2

/** A stack of numbers that grows. */
class Stack {
  words = new Int32Array(1024)
  height = 0

  room(words: number): void {
    if (this.height + words <= this.words.length) return
    const larger = new Int32Array(this.words.length * 2)
    larger.set(this.words)
    this.words = larger
  }
}

function edgeHolds(edge: number, value: Bytes, at: number): boolean {
  const end = value.length
  const word = (i: number): number => (i < 0 || i >= end ? 0 : (WORD_TABLE[value.charCodeAt(i)] ?? 0))
  const newline = (i: number): boolean => value.charCodeAt(i) === 10
  switch (edge) {
    case 0:
      return at === 0
    case 1:
      return at === end
    case 2:
      return at === end || (at === end - 1 && newline(at))
    case 3:
      return at === 0 || (at < end && newline(at - 1))
    case 4:
      return at === end || newline(at)
    case 5:
      return word(at - 1) !== word(at)
    default:
      return word(at - 1) === word(at)
  }
}

function lower(byte: number): number {
  return byte >= 65 && byte <= 90 ? byte + 32 : byte
}

/** Length of the text of the first group that took part, if it stands at `at` again; otherwise -1. */
function referenceLength(
  reference: Program['references'][number],
  value: Bytes,
  at: number,
  registers: Int32Array,
): number {
  for (const group of reference.groups) {
    const start = registers[2 * group] ?? -1
    const end = registers[2 * group + 1] ?? -1
    if (end < 0) continue
    const length = end - start
    if (at + length > value.length) return -1
    for (let i = 0; i < length; i++) {
      const a = value.charCodeAt(start + i)
      const b = value.charCodeAt(at + i)
      if (a !== b && !(reference.fold && lower(a) === lower(b))) return -1
    }
    return length
  }
  return -1
}

/**
 * A backtracking search with the meaning of PCRE, over instructions instead of JavaScript's stack; every instruction and
 * every byte looked at counts as a step.
 */
export class Machine {
  readonly #program: Program
  readonly #choices = new Stack()
  /** Registers as they were before they were changed, to be put back when a choice fails. */
  readonly #trail = new Stack()
  readonly #registers: Int32Array
  #value: Bytes = ''
  #steps = 0
  #pc = 0
  #at = 0

  constructor(program: Program) {
    this.#program = program
    this.#registers = new Int32Array(program.registers)
  }

  /** Searches from `from` (only there if `anchored`), at starts whose byte is in `first` (null: anywhere), for at most `stepsMax` steps. */
  search(value: Bytes, from: number, anchored: boolean, first: Uint8Array | null, stepsMax: number): Found {
    this.#value = value
    this.#steps = stepsMax
    const last = anchored ? from : value.length
    for (let start = from; start <= last; start++) {
      if (first !== null) {
        while (start < value.length && first[value.charCodeAt(start)] === 0) start++
        if (start >= value.length || start > last) return 'no-match'
      }
      const found = this.#matchAt(start)
      if (found !== 'no-match') return found
    }
    return 'no-match'
  }

  #matchAt(start: number): Found {
    this.#registers.fill(-1)
    this.#registers[0] = start
    this.#choices.height = 0
    this.#trail.height = 0
    const end = this.#run(start)
    if (end === -1) return 'no-match'
    if (end === -2) return 'over-budget'
    this.#registers[1] = end
    return this.#registers
  }

  #set(register: number, value: number): void {
    const trail = this.#trail
    trail.room(2)
    trail.words[trail.height++] = register
    trail.words[trail.height++] = this.#registers[register] ?? -1
    this.#registers[register] = value
  }

  #choose(kind: number, pc: number, at: number, bound: number): void {
    const choices = this.#choices
    choices.room(CHOICE_WORDS)
    const { words, height } = choices
    words[height] = kind
    words[height + 1] = pc
    words[height + 2] = at
    words[height + 3] = this.#trail.height
    words[height + 4] = bound
    choices.height += CHOICE_WORDS
  }

  /** Counts bytes from `at` that are in a set, at most `most`. */
  #count(table: Uint8Array | undefined, at: number, most: number): number {
    const value = this.#value
    const end = Math.min(value.length, at + most)
    let here = at
    while (here < end && table?.[value.charCodeAt(here)] === 1) here++
    this.#steps -= here - at
    return here - at
  }

  /** A repeated set; whether it is there. */
  #span(pc: number): boolean {
    const { code, sets } = this.#program
    const at = this.#at
    const min = code[pc + 2] ?? 0
    const max = code[pc + 3] ?? 0
    const mode = code[pc + 4] ?? 0
    const most = max < 0 ? this.#value.length : max
    const taken = this.#count(sets[code[pc + 1] ?? 0], at, mode === MODES.lazy ? min : most)
    if (taken < min) return false
    if (mode === MODES.lazy) this.#choose(LAZY, pc, at + min, Math.min(at + most, this.#value.length))
    else if (mode === MODES.greedy && taken > min) this.#choose(GREEDY, pc + 5, at + taken - 1, at + min)
    this.#at = at + taken
    this.#pc = pc + 5
    return true
  }

  /** Goes back to the last choice; false when there is none left. */
  #resume(): boolean {
    const choices = this.#choices
    while (choices.height > 0) {
      const { words } = choices
      const base = choices.height - CHOICE_WORDS
      const kind = words[base] ?? 0
      const pc = words[base + 1] ?? 0
      const at = words[base + 2] ?? 0
      this.#undo(words[base + 3] ?? 0)
      const bound = words[base + 4] ?? 0
      this.#steps--
      this.#pc = kind === LAZY ? pc + 5 : pc
      this.#at = kind === LAZY ? at + 1 : at
      if (kind === GREEDY && at > bound) words[base + 2] = at - 1
      else if (kind === LAZY && this.#takesMore(pc, at, bound)) words[base + 2] = at + 1
      else choices.height = base
      if (kind !== LAZY || choices.height > base) return true
    }
    return false
  }

  #takesMore(pc: number, at: number, bound: number): boolean {
    const { code, sets } = this.#program
    return at < bound && sets[code[pc + 1] ?? 0]?.[this.#value.charCodeAt(at)] === 1
  }

  #undo(height: number): void {
    const trail = this.#trail
    while (trail.height > height) {
      const value = trail.words[--trail.height] ?? 0
      this.#registers[trail.words[--trail.height] ?? 0] = value
    }
  }

  /** The position at which the program ends, -1 without a match, -2 over the budget. */
  #run(start: number): number {
    const { code } = this.#program
    this.#pc = 0
    this.#at = start
    for (;;) {
      if (--this.#steps < 0) return -2
      const op = code[this.#pc] ?? 0
      if (op === OP.match) return this.#at
      const ok = op <= OP.split ? this.#look(op) : op <= OP.again ? this.#loop(op) : this.#hold(op)
      if (!ok && !this.#resume()) return -1
    }
  }

  #look(op: number): boolean {
    const { code, sets } = this.#program
    const pc = this.#pc
    const operand = code[pc + 1] ?? 0
    switch (op) {
      case OP.set:
        this.#pc = pc + 2
        return sets[operand]?.[this.#value.charCodeAt(this.#at++)] === 1
      case OP.span:
        return this.#span(pc)
      case OP.jump:
        this.#pc = operand
        return true
      default:
        this.#choose(PLAIN, operand, this.#at, 0)
        this.#pc = pc + 2
        return true
    }
  }

  #loop(op: number): boolean {
    const { code } = this.#program
    const pc = this.#pc
    const count = code[pc + 1] ?? 0
    const start = code[pc + 2] ?? 0
    const min = code[pc + 3] ?? 0
    const max = code[pc + 4] ?? 0
    switch (op) {
      case OP.loop: {
        const rounds = this.#registers[count] ?? 0
        const enter = rounds < min || ((max < 0 || rounds < max) && code[pc + 5] !== MODES.lazy)
        if (!enter && (max < 0 || rounds < max)) this.#choose(PLAIN, pc + LOOP_WORDS, this.#at, 0)
        const exit = code[pc + 6] ?? 0
        if (enter && rounds >= min) this.#choose(PLAIN, exit, this.#at, 0)
        this.#pc = enter ? pc + LOOP_WORDS : exit
        return true
      }
      case OP.enter:
        this.#set(count, (this.#registers[count] ?? 0) + 1)
        this.#set(start, this.#at)
        this.#pc = pc + 3
        return true
      default: {
        const empty = max < 0 && this.#at === this.#registers[start] && (this.#registers[count] ?? 0) >= min
        this.#pc = empty ? pc + 6 : (code[pc + 5] ?? 0)
        return true
      }
    }
  }

  /** What comparing a reference costs, whether it is found or not: a step for sixteen bytes. */
  #referenceSteps(index: number): number {
    let bytes = 0
    for (const group of this.#program.references[index]?.groups ?? []) {
      const end = this.#registers[2 * group + 1] ?? -1
      if (end >= 0) bytes += end - (this.#registers[2 * group] ?? 0)
    }
    return bytes >> 4
  }

  #hold(op: number): boolean {
    const { code, references } = this.#program
    const operand = code[this.#pc + 1] ?? 0
    const at = this.#at
    this.#pc += 2
    switch (op) {
      case OP.save:
        this.#set(operand, at)
        return true
      case OP.zero:
        this.#set(operand, 0)
        return true
      case OP.edge:
        return edgeHolds(operand, this.#value, at)
      case OP.back: {
        const reference = references[operand]
        const length =
          reference === undefined ? -1 : referenceLength(reference, this.#value, at, this.#registers)
        this.#at = at + length
        this.#steps -= this.#referenceSteps(operand)
        return length >= 0
      }
      case OP.mark:
        this.#set(operand, this.#choices.height)
        return true
      case OP.cut:
        this.#choices.height = this.#registers[operand] ?? 0
        return true
      case OP.restore:
        this.#at = this.#registers[operand] ?? 0
        return true
      case OP.behind:
        this.#at = at - operand
        return this.#at >= 0
      case OP.close:
        this.#pc++
        this.#set(2 * operand, this.#registers[code[this.#pc - 1] ?? 0] ?? 0)
        this.#set(2 * operand + 1, at)
        return true
      default:
        return false
    }
  }
}
