import { Socket } from 'node:net'
import pg from 'pg'
import { copySocket } from './copy-socket.ts'
import { asReplicationError, ReplicationError } from './errors.ts'

/** A row of the server in text form. */
export type TextRow = readonly (string | null)[]

/** What may be sent while the server takes copy data. */
export interface CopyWire {
  send(bytes: Buffer): void
  /** Nothing more comes from here. */
  done(): void
}

/** One command of the replication protocol and what is done with what comes back. */
export interface Exchange {
  readonly text: string
  /** A row as it arrives, with the number of its result set from 0. */
  onRow?(row: TextRow, set: number): void
  /** Copy data; the bytes belong to the driver and are overwritten after the call. */
  onData?(bytes: Buffer, wire: CopyWire): void
  /** The server asks for copy data, or begins to send and to take it. */
  onOpen?(wire: CopyWire): void
  /** The server sends no more copy data. */
  onDone?(wire: CopyWire): void
}

/** A connection that speaks the replication protocol (PostgreSQL, chapter 54.4). */
export interface ReplicationConnection {
  /** Runs a command; resolves with its result sets in order. Throws `ReplicationError`. */
  run(exchange: Exchange): Promise<readonly (readonly TextRow[])[]>
  /** Holds the server back: what has arrived already still comes. */
  pause(): void
  resume(): void
  /** Ends it at once; the command under way is rejected with `error`. */
  destroy(error: Error): void
  end(): Promise<void>
}

/** The parts of the driver's connection that its published types leave out. */
type WireConnection = pg.Connection & {
  sendCopyFromChunk(bytes: Buffer): void
  endCopyFrom(): void
}

/** A command as the driver runs it: it calls these methods as the messages arrive. */
class Command implements pg.Submittable {
  readonly #exchange: Exchange
  readonly #sets: TextRow[][] = []
  readonly #outcome = Promise.withResolvers<readonly (readonly TextRow[])[]>()
  #connection: WireConnection | undefined
  #wire: CopyWire | undefined
  /** The driver sets a callback where there is none. */
  readonly callback = (): void => {}

  constructor(exchange: Exchange) {
    this.#exchange = exchange
  }

  get outcome(): Promise<readonly (readonly TextRow[])[]> {
    return this.#outcome.promise
  }

  submit(connection: pg.Connection): void {
    const wired = connection as WireConnection
    this.#connection = wired
    this.#wire = { send: (bytes) => wired.sendCopyFromChunk(bytes), done: () => wired.endCopyFrom() }
    wired.on('replicationStart', this.#opened)
    wired.on('copyDone', this.#finished)
    wired.query(this.#exchange.text)
  }

  handleRowDescription(): void {
    this.#sets.push([])
  }

  handleDataRow(message: { readonly fields: readonly (Buffer | string | null)[] }): void {
    const row = message.fields.map((field) => (field === null ? null : field.toString()))
    this.#sets.at(-1)?.push(row)
    this.#exchange.onRow?.(row, this.#sets.length - 1)
  }

  handlePortalSuspended(): void {}

  handleEmptyQuery(): void {}

  handleCommandComplete(): void {}

  handleCopyInResponse(): void {
    this.#opened()
  }

  handleCopyData(message: { readonly chunk: Buffer }): void {
    this.copyData(message.chunk)
  }

  copyData(bytes: Buffer): void {
    if (this.#wire !== undefined) this.#exchange.onData?.(bytes, this.#wire)
  }

  handleError(error: unknown): void {
    this.#release()
    this.#outcome.reject(asReplicationError(error))
  }

  handleReadyForQuery(): void {
    this.#release()
    this.#outcome.resolve(this.#sets)
  }

  readonly #opened = (): void => {
    if (this.#wire !== undefined) this.#exchange.onOpen?.(this.#wire)
  }

  readonly #finished = (): void => {
    if (this.#wire !== undefined) this.#exchange.onDone?.(this.#wire)
  }

  #release(): void {
    this.#connection?.removeListener('replicationStart', this.#opened)
    this.#connection?.removeListener('copyDone', this.#finished)
  }
}

/** Opens a replication connection; throws `ReplicationError` with the reason when the server allows none. */
export async function connectReplication(
  url: string,
  applicationName: string,
): Promise<ReplicationConnection> {
  const config = {
    connectionString: url,
    replication: 'true',
    application_name: applicationName,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    // What comes encrypted is read by the driver: only it knows where the messages begin.
    stream: (...[asked]: readonly { readonly ssl?: unknown }[]) =>
      (asked?.ssl ?? false) === false ? copySocket((bytes) => current?.copyData(bytes)) : new Socket(),
  }
  let current: Command | undefined
  const client = new pg.Client(config)
  let torn: Error | undefined
  // The command under way is told as well; without a listener the process would end.
  client.on('error', () => {})
  try {
    await client.connect()
  } catch (error) {
    await client.end().catch(() => {})
    throw asReplicationError(error)
  }
  const { stream } = (client as unknown as { readonly connection: pg.Connection }).connection
  return {
    run: async (exchange) => {
      if (torn !== undefined) throw torn
      const command = new Command(exchange)
      current = command
      client.query(command)
      return command.outcome.catch((error: unknown) => {
        throw torn ?? error
      })
    },
    pause: () => void stream.pause(),
    resume: () => void stream.resume(),
    destroy: (error) => {
      torn ??= error
      stream.destroy(error)
    },
    end: async () => {
      torn ??= new ReplicationError('lost')
      await client.end().catch(() => {})
    },
  }
}
