/** The command line `surety`: one call, one exit code. */
import { dispatch } from './dispatch.ts'

/** Columns for a pipe or a file, and the most that is readable on a wide terminal. */
const WIDTH_MAX = 110

// A reader that stops early, such as `head`, is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})
process.exitCode = await dispatch(process.argv.slice(2), {
  environment: process.env,
  now: () => new Date(),
  width: Math.min(process.stdout.columns ?? WIDTH_MAX, WIDTH_MAX),
  out: (line) => console.log(line),
  err: (line) => console.error(line),
})
