import { complement, setOfRanges, setOfText, union } from './byte-set.ts'

/** Bytes with a meaning of their own in some language, and those of control: ordinary words have none of them. */
const MARKS = union(setOfRanges(0x00, 0x1f), setOfText('"\'`;={}|&$<>()[]\\'))

/** The bytes of ordinary words, numbers, names and addresses: in values of these alone most of what a pattern looks for cannot stand. */
export const PLAIN = complement(MARKS)
