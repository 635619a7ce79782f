import type { SealedObject } from './model.ts'
import {
  describeObject,
  giveBack,
  openObject,
  putInto,
  pack,
  requireDescribed,
  sealPacked,
  type EpochSecret,
} from './object-format.ts'

/** Whose key an object has, and the place that it is bound to. */
export interface ObjectPlace {
  readonly epoch: EpochSecret
  readonly system: string
  readonly path: string
}

/** Packs and seals the objects of archives, opens and unpacks what is stored: on the caller's thread, or on others. */
export interface ObjectPacker {
  /** Memory for `seal` to read from and write to, and for `open` to write to. */
  memory(bytes: number): Buffer
  /** Packs and seals at most 16 MiB to the beginning of `into`, which has `storedBytesMax`; says what lies there then. */
  seal(place: ObjectPlace, plain: Buffer, into: Buffer): Promise<SealedObject>
  /**
   * Opens and unpacks; `damaged` unless the stored bytes are those `expected`. They are empty afterwards, where they have memory
   * of their own. The result lies at the beginning of `into` where it fits there.
   */
  open(place: ObjectPlace, stored: Buffer, expected?: SealedObject, into?: Buffer): Promise<Buffer>
}

/** Packs in the runtime's thread pool and does the rest on the caller's thread. */
export const packHere: ObjectPacker = {
  memory: (bytes) => Buffer.allocUnsafeSlow(bytes),
  seal: async ({ epoch, system, path }, plain, into) => {
    const packed = await pack(plain)
    const stored = sealPacked(epoch, system, path, packed, into)
    giveBack(packed)
    return describeObject(path, plain.length, stored)
  },
  open: async ({ epoch, system, path }, stored, expected, into) => {
    if (expected !== undefined) requireDescribed(expected, stored)
    const plain = await openObject(epoch, system, path, stored)
    giveBack(stored)
    return putInto(plain, into)
  },
}
