/** Why a server or a stream of its log refused. */
export type ReplicationErrorCode =
  | 'lost'
  | 'not-admitted'
  | 'no-right'
  | 'too-many'
  | 'slot-busy'
  | 'slot-missing'
  | 'wal-removed'
  | 'unsupported'
  | 'foreign'
  | 'protocol'

const SENTENCES: Readonly<Record<ReplicationErrorCode, string>> = {
  lost: 'The connection to the database server was lost.',
  'not-admitted':
    'The database server lets this user open no replication connection: pg_hba.conf needs a line for replication.',
  'no-right': 'The database user has no REPLICATION right.',
  'too-many': 'The database server has no replication connection or slot left.',
  'slot-busy': 'Another process streams from the slot.',
  'slot-missing': 'The slot is not there.',
  'wal-removed': 'The database server has removed log that was not archived yet; a full backup is needed.',
  unsupported: 'The database server does not offer this.',
  foreign: 'This is another database cluster than before.',
  protocol: 'The database server sent what does not belong there.',
}

/** A refusal of the replication protocol; the message is a whole sentence that may be shown. */
export class ReplicationError extends Error {
  readonly code: ReplicationErrorCode

  constructor(code: ReplicationErrorCode, cause?: unknown) {
    super(SENTENCES[code], { cause })
    this.name = 'ReplicationError'
    this.code = code
  }
}

/** SQLSTATE to our code (PostgreSQL, appendix A). */
const STATES: Readonly<Record<string, ReplicationErrorCode>> = {
  '28000': 'not-admitted',
  '28P01': 'not-admitted',
  '42501': 'no-right',
  '42601': 'unsupported',
  '0A000': 'unsupported',
  '42704': 'slot-missing',
  '53300': 'too-many',
  '53400': 'too-many',
  '55006': 'slot-busy',
  '58P01': 'wal-removed',
  '57P01': 'lost',
  '57P02': 'lost',
  '57P03': 'lost',
}

/** What the server or the socket said, as a typed refusal; an error that is none of theirs comes back as it is. */
export function asReplicationError(error: unknown): Error {
  if (error instanceof ReplicationError) return error
  if (!(error instanceof Error)) return new Error(String(error))
  const { code, syscall } = error as NodeJS.ErrnoException
  // A slot whose log is gone and summaries that are switched off share one state.
  if (code === '55000')
    return new ReplicationError(/slot/.test(error.message) ? 'wal-removed' : 'unsupported', error)
  const known = code === undefined ? undefined : STATES[code]
  if (known !== undefined) return new ReplicationError(known, error)
  if (
    code?.startsWith('08') === true ||
    syscall !== undefined ||
    /^Connection terminated|not queryable/.test(error.message)
  )
    return new ReplicationError('lost', error)
  return error
}

/** Whether trying again later can help without anybody doing anything. */
export function mayPass(error: unknown): boolean {
  return (
    error instanceof ReplicationError &&
    ['lost', 'slot-busy', 'too-many', 'not-admitted', 'no-right'].includes(error.code)
  )
}
