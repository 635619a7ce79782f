import type { ArchiveObjects, SealedObject } from './model.ts'
import { objectBytesMax, storedBytesMax, type EpochSecret } from './object-format.ts'
import type { ObjectPacker } from './object-packer.ts'
import type { Receipt } from './regions.ts'
import type { ArchiveWriter } from './repository-model.ts'

/** How many objects are packed and stored at the same time; each holds 16 MiB. */
const piecesMax = 3

interface ArchiveRequest {
  readonly name: string
  readonly system: string
  readonly epoch: EpochSecret
  readonly packer: ObjectPacker
  readonly pathOf: (index: number) => string
  readonly put: (path: string, bytes: Buffer) => Promise<Receipt>
  readonly onReceipt: (receipt: Receipt) => void
}

/** Cuts an archive of unknown length into objects; packs several at the same time while more arrives. */
export class ArchivePieces implements ArchiveWriter {
  plainBytes = 0
  storedBytes = 0
  readonly #request: ArchiveRequest
  readonly #objects: SealedObject[] = []
  readonly #underWay = new Set<Promise<void>>()
  readonly #spare: Buffer[] = []
  /** Memory of sealed objects that no region reads any more. */
  readonly #stored: Buffer[] = []
  readonly #failures: unknown[] = []
  #filling: Buffer
  #filled = 0
  #pieces = 0
  #ended: Promise<ArchiveObjects> | null = null

  constructor(request: ArchiveRequest) {
    this.#request = request
    this.#filling = request.packer.memory(objectBytesMax)
  }

  get name(): string {
    return this.#request.name
  }

  /** What `end` gave; null before it was called. */
  get ended(): Promise<ArchiveObjects> | null {
    return this.#ended
  }

  write(bytes: Uint8Array): Promise<void> | null {
    if (this.#ended !== null) throw new Error('the archive was ended')
    this.plainBytes += bytes.length
    for (let at = 0; at < bytes.length;) {
      const taken = Math.min(objectBytesMax - this.#filled, bytes.length - at)
      this.#filling.set(bytes.subarray(at, at + taken), this.#filled)
      this.#filled += taken
      at += taken
      if (this.#filled === objectBytesMax) this.#cut()
    }
    return this.#underWay.size < piecesMax && this.#failures.length === 0 ? null : this.#room()
  }

  end(): Promise<ArchiveObjects> {
    this.#ended ??= this.#finish()
    return this.#ended
  }

  async #room(): Promise<void> {
    while (this.#underWay.size >= piecesMax && this.#failures.length === 0) await Promise.race(this.#underWay)
    if (this.#failures.length > 0) throw this.#failures[0]
  }

  async #finish(): Promise<ArchiveObjects> {
    if (this.#filled > 0 || this.#pieces === 0) this.#cut()
    while (this.#underWay.size > 0) await Promise.all(this.#underWay)
    if (this.#failures.length > 0) throw this.#failures[0]
    return { name: this.name, objects: this.#objects }
  }

  #cut(): void {
    const piece = this.#seal(this.#filling, this.#filled, this.#pieces++)
      .catch((error: unknown) => void this.#failures.push(error))
      .finally(() => this.#underWay.delete(piece))
    this.#underWay.add(piece)
    this.#filling = this.#spare.pop() ?? this.#request.packer.memory(objectBytesMax)
    this.#filled = 0
  }

  async #seal(buffer: Buffer, bytes: number, index: number): Promise<void> {
    const { epoch, system, packer, pathOf, put, onReceipt } = this.#request
    const path = pathOf(index)
    const room = this.#stored.pop() ?? packer.memory(storedBytesMax)
    const object = await packer.seal({ epoch, system, path }, buffer.subarray(0, bytes), room)
    this.#spare.push(buffer)
    this.#objects[index] = object
    const receipt = await put(path, room.subarray(0, object.bytes))
    onReceipt(receipt)
    this.storedBytes += object.bytes
    // Also what a region refused: this memory is nothing to the garbage collector, and a region may be away for a whole backup.
    void receipt.answered.then(() => this.#stored.push(room))
  }
}
